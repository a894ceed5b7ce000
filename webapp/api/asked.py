"""What a request for scores asks for: runs of its own and stored ones, and by what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from scoring import schema
from scoring.errors import InvalidInput
from scoring.rewards import Social
from webapp import access
from webapp.api import reading, words
from webapp.api.elements import each, each_line
from webapp.api.shapes import COMPONENTS, either, listing
from webapp.api.view import View
from webapp.services import answers, scores
from webapp.services.answers import Inputs

MAX_EPISODES = 1_000
EPISODES = listing(either(words.EPISODE, words.STORED), most=MAX_EPISODES)
_STORED = COMPONENTS["StoredEpisode"]
BY = {"spec": words.SPEC_NAME, "model": words.MODEL_NAME}


@dataclass(frozen=True, slots=True)
class Asked:
    """Runs beside what people said of their manners, and what to score them by."""

    runs: list[schema.Episode]
    social: list[Social | None]
    by: dict[str, str]

    def batches(self, size: int) -> Iterator["Asked"]:
        for i in range(0, len(self.runs), size):
            part = slice(i, i + size)
            yield Asked(self.runs[part], self.social[part], self.by)


def in_body(view: View, body: Mapping[str, Any], by: Mapping[str, str]) -> Asked:
    """Raises: InvalidInput, with the pointer of the first thing wrong."""
    stored = _stored(view, body["episodes"])
    pairs = each(body["episodes"], lambda value: _one(value, stored))
    return _asked(pairs, {**by, **{name: body[name] for name in BY if name in body}})


def one(view: View, value: Any) -> Asked:
    """The only episode of a line. Raises: InvalidInput."""
    return _asked([_one(value, _stored(view, [value]))], {})


def in_lines(view: View, lines: Any, by: Mapping[str, str]) -> Asked:
    """Raises: InvalidInput, with the line of the first thing wrong."""
    stored = _stored(view, [value for _, value in lines])
    return _asked(each_line(lines, lambda value: _one(value, stored)), by)


def score(view: View, asked: Asked) -> list[dict[str, Any]]:
    return scores.score(
        view.project,
        asked.runs,
        social=asked.social,
        model=asked.by.get("model", "champion"),
        spec=asked.by.get("spec"),
    )


def _asked(pairs: Sequence[Inputs], by: Mapping[str, str]) -> Asked:
    return Asked([run for run, _ in pairs], [social for _, social in pairs], dict(by))


def _one(value: Any, stored: Mapping[str, Inputs]) -> Inputs:
    if not _names_a_row(value):
        return schema.Episode.from_dict(value), None
    if value["id"] not in stored:
        raise InvalidInput("there is no stored episode with this id", pointer="/id")
    return stored[value["id"]]


def _stored(view: View, values: Sequence[Any]) -> dict[str, Inputs]:
    """The stored episodes named by `{"id": …}`, with people's answers about them."""
    named = [value["id"] for value in values if _names_a_row(value)]
    if not named:
        return {}
    ids = {text: UUID(text) for text in named}
    rows = access.episodes(view.actor).filter(project=view.project, pk__in=ids.values())
    found = answers.inputs(
        list(rows.select_related("project").prefetch_related("steps"))
    )
    return {text: found[pk] for text, pk in ids.items() if pk in found}


def _names_a_row(value: Any) -> bool:
    # the shape is checked only where it can fit, for it is slow
    short = isinstance(value, dict) and value.keys() == {"id"}
    return short and reading.fits(value, _STORED)
