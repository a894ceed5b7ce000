"""Bring your own reward model: scores from given signals."""

from rest_framework.request import Request
from rest_framework.response import Response

from scoring import rewards
from scoring.rewards import Signals
from webapp.api import reading, words
from webapp.api.elements import each
from webapp.api.permissions import SCORE
from webapp.api.schema import operation
from webapp.api.shapes import listing, record
from webapp.api.view import View
from webapp.services import reward_specs

MAX_EPISODES = 10_000
_ASKED = record(
    {"episodes": listing(words.SIGNALS, most=MAX_EPISODES)}, {"spec": words.SPEC_NAME}
)


class Combine(View):
    needs = {"POST": SCORE}

    @operation(
        "Scores from your own signals, without a model",
        {200: words.SCORES},
        body=_ASKED,
    )
    def post(self, request: Request) -> Response:
        reading.query(request)
        asked = reading.body(request, _ASKED)
        signals = each(asked["episodes"], Signals.from_dict)
        name = asked.get("spec")
        spec = reward_specs.find(name) if name else self.project.spec
        return Response({"scores": rewards.combine_many(signals, spec.to_spec())})
