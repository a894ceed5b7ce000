"""Groups: rollouts of one task, and what each is worth beside the others."""

from rest_framework.request import Request
from rest_framework.response import Response

from scoring import rewards
from webapp.api import asked, reading, words
from webapp.api.permissions import SCORE
from webapp.api.schema import operation
from webapp.api.shapes import (
    FLAG,
    NUMBER,
    PROBABILITY,
    TEXT,
    choice,
    component,
    listing,
    maybe,
    record,
)
from webapp.api.view import View
from webapp.services import reward_specs

_METHOD = choice(*rewards.METHODS)
_OF_CRITICS = {"gamma": PROBABILITY, "lambda": PROBABILITY}
_ASKED = record(
    {"episodes": asked.EPISODES, "method": _METHOD}, {**asked.BY, **_OF_CRITICS}
)
_SERIES = maybe(listing(NUMBER))
_ONE = record(
    {
        "episode": TEXT,
        "advantages": _SERIES,
        "returns": _SERIES,
        "gae": _SERIES,
        "reasons": listing(TEXT),
    }
)
GROUP = component(
    "Group",
    record(
        {
            "method": _METHOD,
            "degenerate": FLAG,
            "episodes": listing(_ONE),
            "scores": listing(words.SCORE),
        }
    ),
)


class Groups(View):
    asks_the_scorer = True
    needs = {"POST": SCORE}

    @operation("Scores and group-relative advantages", {200: GROUP}, body=_ASKED)
    def post(self, request: Request) -> Response:
        reading.query(request)
        body = reading.body(request, _ASKED)
        wanted = asked.in_body(self, body, {})
        name = wanted.by.get("spec")
        spec = (reward_specs.find(name) if name else self.project.spec).to_spec()
        found = asked.score(self, wanted)
        group = rewards.advantages(found, body["method"], spec)
        ended = [run.ended for run in wanted.runs]
        series = rewards.trajectories(
            found, ended, spec, body.get("gamma"), body.get("lambda")
        )
        pairs = zip(group["episodes"], series, strict=True)
        episodes = [{**one, **more} for one, more in pairs]
        return Response({**group, "episodes": episodes, "scores": found})
