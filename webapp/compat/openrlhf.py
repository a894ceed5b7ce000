"""OpenRLHF's remote reward model, as its trainer calls it (protocol of version 0.11).

The trainer sends one sample a POST, retries five times, and a reply without a number
ends the run later, far from its cause. So every well-formed request gets 200 and
numbers; where there is no honest number the reward is 0 and `extra_logs.valid` is 0.
"""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from scoring.errors import InvalidInput, ScoringError
from scoring.rewards import COLUMNS
from scoring.schema import Episode, Step
from webapp.api import reading
from webapp.api.authentication import AddressAuthentication, BearerAuthentication
from webapp.api.permissions import SCORE
from webapp.api.schema import operation
from webapp.api.shapes import NUMBER, PROBABILITY, TEXT, listing, record, text
from webapp.api.view import View
from webapp.errors import AppError
from webapp.lanes import INTERACTIVE
from webapp.services import predictions, scores

# the trainer gives up after 180 s; until then a busy scorer is worth waiting for
DEADLINE_SECONDS = 120
_PATIENT = partial(
    predictions.ask_patiently, seconds=DEADLINE_SECONDS, lane=INTERACTIVE
)
# queries come decoded with special tokens; the model learned on text without them
_SPECIAL = re.compile(r"<\|[^|<>]{1,40}\|>|</?s>|<(?:bos|eos|pad)>")

_ASKED = {
    "type": "object",
    "properties": {"query": listing(TEXT), "prompts": listing(TEXT), "labels": {}},
    "required": ["query"],
}
_LOGS = ("valid", *COLUMNS)
_ANSWER = record(
    {
        "rewards": listing(NUMBER),
        "scores": listing(PROBABILITY),
        "extra_logs": record({name: listing(NUMBER) for name in _LOGS}),
    }
)
_QUERY = {"separator": {**text(20), "description": "Splits a response into steps."}}


class GetReward(View):
    asks_the_scorer = True
    needs = {"POST": SCORE}
    authentication_classes = [BearerAuthentication, AddressAuthentication]

    @operation(
        "OpenRLHF's reward model protocol", {200: _ANSWER}, body=_ASKED, query=_QUERY
    )
    def post(self, request: Request) -> Response:
        separator = reading.query(request, _QUERY).get("separator")
        asked = reading.body(request, _ASKED)
        prompts = asked.get("prompts") or [""] * len(asked["query"])
        if len(prompts) != len(asked["query"]):
            raise InvalidInput("one prompt a query", pointer="/prompts")
        pairs = zip(asked["query"], prompts, strict=True)
        episodes = [_episode(query, prompt, separator) for query, prompt in pairs]
        return Response(_answer(_scores(self, episodes)))


def _episode(query: str, prompt: str, separator: str | None) -> Episode | None:
    """T = 1, or one step a piece of the response; None when nothing was answered."""
    response = query.removeprefix(prompt)
    pieces = response.split(separator) if separator else [response]
    texts = [piece for piece in map(_plain, pieces) if piece]
    if not texts:
        return None
    steps = tuple(Step(index, text) for index, text in enumerate(texts))
    return Episode(task=_plain(prompt) or "(no prompt given)", steps=steps)


def _plain(text: str) -> str:
    return _SPECIAL.sub("", text).strip()


def _scores(view: View, episodes: Sequence[Episode | None]) -> list[Mapping[str, Any]]:
    answered = [episode for episode in episodes if episode is not None]
    try:
        found = iter(scores.score(view.project, answered, ask=_PATIENT))
        return [_NOTHING if episode is None else next(found) for episode in episodes]
    except (AppError, ScoringError):
        return [_NOTHING] * len(episodes)


def _answer(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    rewards = [score["total"] if score["valid"] else 0.0 for score in found]
    logs = [_logged(score) for score in found]
    return {
        "rewards": rewards,
        # in [0, 1]: what the trainer filters prompts by that are all right or all wrong
        "scores": [min(1.0, max(0.0, (1 + reward) / 2)) for reward in rewards],
        "extra_logs": {name: [log[name] for log in logs] for name in _LOGS},
    }


def _logged(score: Mapping[str, Any]) -> dict[str, float]:
    """Always the same keys, and never null: each becomes a tensor of the batch."""
    families = {name: family["weighted"] for name, family in score["families"].items()}
    cells = {**families, "gate": score["gate"]["penalty"]}
    known = {name: cells.get(name) or 0.0 for name in COLUMNS}
    return {"valid": float(score["valid"]), **known}


_NOTHING: Mapping[str, Any] = {
    "valid": False,
    "total": None,
    "families": {},
    "gate": {"penalty": 0.0},
}
