"""The rewards of a project in numbers."""

from rest_framework.request import Request
from rest_framework.response import Response

from webapp.api import reading, shapes, words
from webapp.api.permissions import READ
from webapp.api.schema import operation
from webapp.api.shapes import (
    COUNT,
    FLAG,
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
from webapp.services import predictions, reward_rows, reward_summary

_HISTOGRAM = record(
    {
        "name": TEXT,
        "mean": maybe(NUMBER),
        "edges": listing(NUMBER),
        "counts": listing(COUNT),
    }
)
_MEANS = record(dict.fromkeys(reward_summary.COLUMNS, maybe(NUMBER)))
_GROUP = record({"name": TEXT, "count": COUNT, "valid": COUNT, "means": _MEANS})
_CORRELATION = record({"of": listing(TEXT, least=2, most=2), "r": maybe(NUMBER)})
_WATCHED = record({"final": NUMBER, "process": NUMBER})
_POINT = record({"since": TIME, "count": COUNT, "final": NUMBER, "process": NUMBER})
_TREND = record(
    {
        "points": listing(_POINT),
        "changes": maybe(_WATCHED),
        "z": maybe(_WATCHED),
        "diverges": FLAG,
    }
)
SUMMARY = component(
    "RewardSummary",
    record(
        {
            "spec": shapes.SHA256,
            "model": maybe(OBJECT),
            "count": COUNT,
            "valid": COUNT,
            "gated": COUNT,
            "abstained": {"type": "object", "additionalProperties": COUNT},
            "histograms": listing(_HISTOGRAM),
            "policies": listing(_GROUP),
            "models": listing(_GROUP),
            "correlations": listing(_CORRELATION),
            "trend": _TREND,
        }
    ),
)
_BY = {
    "spec": words.SPEC_NAME,
    "model": {
        **shapes.text(80),
        "description": "As elsewhere; `none`: scores in which no model had a say.",
    },
}


class RewardSummary(View):
    needs = {"GET": READ}

    @operation(
        "Kept scores summed up, by one spec and model", {200: SUMMARY}, query=_BY
    )
    def get(self, request: Request) -> Response:
        asked = reading.query(request, _BY)
        asked.pop("project", None)
        by = named(lambda: reward_rows.named(self.project, **asked))
        summary = reward_summary.of(self.project, by)
        model = predictions.describe(by.model)
        return Response({"spec": by.spec.sha256, "model": model, **summary.to_dict()})
