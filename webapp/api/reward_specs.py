"""Reward specs: immutable versions, and what a new one would promise."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from scoring.rewards import Spec
from webapp.api import reading, shapes, words
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import READ, TRAIN
from webapp.api.schema import listed, operation
from webapp.api.shapes import OBJECT, TEXT, TIME, component, listing, record
from webapp.api.view import View, named
from webapp.models import RewardSpec
from webapp.services import reward_specs

SPEC_ROW = component(
    "RewardSpec",
    record(
        {
            "name": TEXT,
            "version": TEXT,
            "sha256": shapes.SHA256,
            "spec": words.SPEC,
            "warnings": listing(TEXT),
            "created_at": TIME,
        }
    ),
)
_LINT = record({"sha256": shapes.SHA256, "warnings": listing(TEXT), "spec": OBJECT})


class RewardSpecs(View):
    needs = {"GET": READ, "POST": TRAIN}

    @listed("All specs of this installation, the built-in ones included", SPEC_ROW)
    def get(self, request: Request) -> Response:
        reading.query(request, PARAMETERS)
        return page(request, reward_specs.listing(), _show)

    @operation(
        "Add a version; the same numbers again are the same version",
        {201: SPEC_ROW},
        body=words.SPEC,
    )
    def post(self, request: Request) -> Response:
        reading.query(request)
        self.project  # noqa: B018 - refuses those whose role is too low
        spec = Spec.from_dict(request.data)
        return Response(_show(reward_specs.create(spec, user=self.user)), status=201)


class RewardSpecLint(View):
    needs = {"POST": READ}

    @operation(
        "Check a spec without storing it: what its weights fail to promise",
        {200: _LINT},
        body=words.SPEC,
    )
    def post(self, request: Request) -> Response:
        reading.query(request)
        spec = Spec.from_dict(request.data)
        return Response(
            {"sha256": spec.sha256, "warnings": spec.lint(), "spec": spec.to_dict()}
        )


class RewardSpecDetail(View):
    needs = {"GET": READ}

    @operation(
        "One spec by `default@1`, `tool_agent@1.0.0` or its sha256", {200: SPEC_ROW}
    )
    def get(self, request: Request, name: str) -> Response:
        reading.query(request)
        return Response(_show(named(lambda: reward_specs.find(name))))


def _show(row: RewardSpec) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "sha256": row.sha256,
        "spec": row.body,
        "warnings": row.to_spec().lint(),
        "created_at": row.created_at,
    }
