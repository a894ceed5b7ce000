"""Reward models: versions, their cards, which one serves."""

from dataclasses import asdict
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from webapp import access
from webapp.api import reading, shapes
from webapp.api.jobs import JOB, accepted
from webapp.api.jobs import show as show_job
from webapp.api.pagination import PARAMETERS, page
from webapp.api.parsers import FileParser, UploadParser
from webapp.api.permissions import READ, TRAIN
from webapp.api.schema import listed, operation
from webapp.api.shapes import (
    COUNT,
    FILE,
    OBJECT,
    TIME,
    choice,
    component,
    listing,
    maybe,
    record,
    text,
)
from webapp.api.view import View, named
from webapp.models import RewardModel
from webapp.models.reward_model import ModelState
from webapp.services import audits, gates, model_archives, reward_models

OBJECTION = record({"code": text(40), "detail": shapes.TEXT})
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
            "audit_job": maybe(JOB),
            "objections": {
                **maybe(listing(OBJECTION)),
                "description": "What stands in its way; null in lists.",
            },
            "override": OBJECT,
            "parent": maybe(text(20)),
            "origin": OBJECT,
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
            "description": "Why it may serve in spite of its objections.",
        }
    },
)

_FORM = {"type": "object", "properties": {"file": FILE}, "required": ["file"]}


class RewardModels(View):
    needs = {"GET": READ, "POST": TRAIN}
    parser_classes = [UploadParser, FileParser]

    @listed("Reward models with their cards, newest first", MODEL)
    def get(self, request: Request) -> Response:
        reading.query(request, PARAMETERS)
        rows = access.reward_models(self.actor).filter(project=self.project)
        rows = rows.select_related("project", "audit_job", "parent")
        return page(request, rows, _show)

    @operation(
        "Bring in a model that was downloaded: a candidate, its audit queued",
        {201: MODEL},
        body={"multipart/form-data": _FORM, "application/zip": FILE},
    )
    def post(self, request: Request) -> Response:
        reading.query(request)
        file = reading.file(request)
        model = model_archives.unpack(
            self.project,
            file,
            user=self.user,
            filename=reading.name_of(file),
        )
        return Response(_whole(model), status=201)


class RewardModelDetail(View):
    needs = {"GET": READ}

    @operation("One model by `champion`, `v3` or the start of its sha256", {200: MODEL})
    def get(self, request: Request, name: str) -> Response:
        reading.query(request)
        return Response(_whole(named_model(self, name)))


class RewardModelPromote(View):
    needs = {"POST": TRAIN}

    @operation(
        "Make a model the champion; 409 `blocked` with its objections (never audited, "
        "failed hard bar, worse than the champion) unless `override` gives a reason",
        {200: MODEL},
        body=_PROMOTE,
    )
    def post(self, request: Request, name: str) -> Response:
        reading.query(request)
        override = reading.body(request, _PROMOTE).get("override", "")
        model = named_model(self, name)
        model = reward_models.promote(model, user=self.user, override=override)
        return Response(_whole(model))


class RewardModelAudit(View):
    needs = {"POST": TRAIN}

    @operation("Audit a model anew; every training does so by itself", {202: JOB})
    def post(self, request: Request, name: str) -> Response:
        reading.query(request)
        return accepted(audits.request(named_model(self, name), user=self.user))


class RewardModelRollBack(View):
    needs = {"POST": TRAIN}

    @operation("Bring the champion before this one back", {200: MODEL})
    def post(self, request: Request) -> Response:
        reading.query(request)
        return Response(_whole(reward_models.roll_back(self.project, user=self.user)))


def named_model(view: View, name: str) -> RewardModel:
    return named(lambda: reward_models.find(view.project, name))


def _whole(model: RewardModel) -> dict[str, Any]:
    found = [asdict(objection) for objection in gates.objections(model)]
    return _show(model) | {"objections": found}


def _show(model: RewardModel) -> dict[str, Any]:
    return {
        "name": f"v{model.version}",
        "version": model.version,
        "sha256": model.sha256,
        "state": model.state,
        "card": model.card,
        "audit": model.audit,
        "audit_job": model.audit_job and show_job(model.audit_job),
        "objections": None,
        "override": model.override,
        "parent": model.parent and f"v{model.parent.version}",
        "origin": model.origin,
        "created_at": model.created_at,
        "promoted_at": model.promoted_at,
    }
