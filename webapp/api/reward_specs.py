"""Reward specs: immutable versions, and what a new one would promise."""

from dataclasses import asdict
from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from scoring import rewards
from scoring.rewards import Spec
from webapp.api import reading, shapes, words
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import READ, TRAIN
from webapp.api.schema import listed, operation
from webapp.api.shapes import (
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    component,
    listing,
    maybe,
    record,
)
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
_BOUNDS = listing(NUMBER, least=2, most=2)
_MARGIN = component(
    "Margin",
    record(
        {
            "dominance": NUMBER,
            "separation": NUMBER,
            "worst_success": NUMBER,
            "best_failure": NUMBER,
            "safe": _BOUNDS,
            "unsafe": _BOUNDS,
            "final_gap": maybe(NUMBER),
        }
    ),
)
_LINT = record(
    {
        "sha256": shapes.SHA256,
        "warnings": listing(TEXT),
        "margin": _MARGIN,
        "spec": OBJECT,
    }
)
_CHANGE = record({"pointer": TEXT, "before": {}, "after": {}})
_DIFF = record(
    {
        "before": shapes.SHA256,
        "after": shapes.SHA256,
        "changes": listing(_CHANGE),
        "margins": record({"before": _MARGIN, "after": _MARGIN}),
    }
)
_ACTIVE = record({"project": TEXT, "spec": SPEC_ROW, "override": OBJECT})
_ACTIVATE = record(
    {},
    {
        "override": {
            **shapes.text(1_000),
            "description": "Why it may be used though it loses a promise; kept.",
        }
    },
)


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
            {
                "sha256": spec.sha256,
                "warnings": spec.lint(),
                "margin": _margin(spec),
                "spec": spec.to_dict(),
            }
        )


class RewardSpecDetail(View):
    needs = {"GET": READ}

    @operation(
        "One spec by `default@1`, `tool_agent@1.0.0` or its sha256", {200: SPEC_ROW}
    )
    def get(self, request: Request, name: str) -> Response:
        reading.query(request)
        return Response(_show(named(lambda: reward_specs.find(name))))


class RewardSpecDiff(View):
    needs = {"GET": READ}

    @operation("What changed from another spec to this one", {200: _DIFF})
    def get(self, request: Request, name: str, other: str) -> Response:
        reading.query(request)
        old, new = (named(partial(reward_specs.find, n)) for n in (other, name))
        before, after = old.to_spec(), new.to_spec()
        return Response(
            {
                "before": old.sha256,
                "after": new.sha256,
                "changes": [asdict(one) for one in rewards.changes(before, after)],
                "margins": {"before": _margin(before), "after": _margin(after)},
            }
        )


class RewardSpecActivate(View):
    needs = {"POST": TRAIN}

    @operation(
        "Score the project by it unless told otherwise. One that loses dominance or "
        "separation needs a reason to override that",
        {200: _ACTIVE},
        body=_ACTIVATE,
    )
    def post(self, request: Request, name: str) -> Response:
        reading.query(request)
        override = reading.body(request, _ACTIVATE).get("override", "")
        project = self.project
        row = named(lambda: reward_specs.find(name))
        reward_specs.activate(row, project, user=self.user, override=override)
        return Response(
            {
                "project": project.slug,
                "spec": _show(row),
                "override": project.spec_override,
            }
        )


def _margin(spec: Spec) -> dict[str, Any]:
    margin = spec.margin()
    derived = {"dominance": margin.dominance, "separation": margin.separation}
    return {**derived, **asdict(margin)}


def _show(row: RewardSpec) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "sha256": row.sha256,
        "spec": row.body,
        "warnings": row.to_spec().lint(),
        "created_at": row.created_at,
    }
