"""Reward models: versions, their cards, which one serves."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from webapp import access
from webapp.api import reading, shapes
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import READ, TRAIN
from webapp.api.schema import listed, operation
from webapp.api.shapes import (
    COUNT,
    OBJECT,
    TIME,
    choice,
    component,
    maybe,
    record,
    text,
)
from webapp.api.view import View, named
from webapp.models import RewardModel
from webapp.models.reward_model import ModelState
from webapp.services import reward_models

MODEL = component(
    "RewardModel",
    record(
        {
            "name": text(20),
            "version": COUNT,
            "sha256": shapes.SHA256,
            "state": choice(*ModelState.values),
            "card": OBJECT,
            "audit": OBJECT,
            "override": OBJECT,
            "created_at": TIME,
            "promoted_at": maybe(TIME),
        }
    ),
)

_PROMOTE = record(
    {},
    {
        "override": {
            **text(1_000),
            "description": "Why it may serve though its audit failed a hard bar.",
        }
    },
)


class RewardModels(View):
    needs = {"GET": READ}

    @listed("Reward models with their cards, newest first", MODEL)
    def get(self, request: Request) -> Response:
        reading.query(request, PARAMETERS)
        rows = access.reward_models(self.actor).filter(project=self.project)
        return page(request, rows, _show)


class RewardModelDetail(View):
    needs = {"GET": READ}

    @operation("One model by `champion`, `v3` or the start of its sha256", {200: MODEL})
    def get(self, request: Request, name: str) -> Response:
        reading.query(request)
        return Response(_show(_named(self, name)))


class RewardModelPromote(View):
    needs = {"POST": TRAIN}

    @operation(
        "Make a model the champion; stored episodes are scored anew",
        {200: MODEL},
        body=_PROMOTE,
    )
    def post(self, request: Request, name: str) -> Response:
        reading.query(request)
        override = reading.body(request, _PROMOTE).get("override", "")
        model = _named(self, name)
        model = reward_models.promote(model, user=self.user, override=override)
        return Response(_show(model))


class RewardModelRollBack(View):
    needs = {"POST": TRAIN}

    @operation("Bring the champion before this one back", {200: MODEL})
    def post(self, request: Request) -> Response:
        reading.query(request)
        return Response(_show(reward_models.roll_back(self.project, user=self.user)))


def _named(view: View, name: str) -> RewardModel:
    return named(lambda: reward_models.find(view.project, name))


def _show(model: RewardModel) -> dict[str, Any]:
    return {
        "name": f"v{model.version}",
        "version": model.version,
        "sha256": model.sha256,
        "state": model.state,
        "card": model.card,
        "audit": model.audit,
        "override": model.override,
        "created_at": model.created_at,
        "promoted_at": model.promoted_at,
    }
