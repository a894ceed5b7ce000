"""Reward models as files, and two of them beside each other."""

from typing import Any

from django.http import FileResponse
from rest_framework.request import Request
from rest_framework.response import Response

from webapp import inert
from webapp.api import reading, shapes
from webapp.api.permissions import READ
from webapp.api.reward_models import named_model
from webapp.api.schema import operation
from webapp.api.shapes import (
    COUNT,
    FILE,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    component,
    listing,
    maybe,
    record,
)
from webapp.api.view import View
from webapp.models import EvaluatedStep, Evaluation
from webapp.services import evaluations, model_archives

ZIP = "application/zip"
# of the steps two models answer otherwise, what one answer lists
MOST_FLIPS = 1_000

EVALUATION = component(
    "Evaluation",
    record(
        {"source": TEXT, "data_sha256": shapes.SHA256, "at": TIME, "results": OBJECT}
    ),
)
_FLIP = record(
    {
        "episode": shapes.UUID,
        "step": COUNT,
        "verdict": NUMBER,
        "ours": NUMBER,
        "theirs": maybe(NUMBER),
        "q": NUMBER,
        "their_q": maybe(NUMBER),
    }
)
COMPARISON = component(
    "Comparison",
    record(
        {"shared": COUNT, "flipped": COUNT, "flips": listing(_FLIP, most=MOST_FLIPS)}
    ),
)


class RewardModelFile(View):
    needs = {"GET": READ}

    @operation("The model as a zip of safetensors and JSON", {(200, ZIP): FILE})
    def get(self, request: Request, name: str) -> FileResponse:
        reading.query(request)
        model = named_model(self, name)
        packed = model_archives.pack(model)
        return inert.stream(packed, name=f"{model.sha256[:12]}.zip", content_type=ZIP)


class RewardModelEvaluations(View):
    needs = {"GET": READ}

    @operation("What a model was measured on, newest first", {200: listing(EVALUATION)})
    def get(self, request: Request, name: str) -> Response:
        reading.query(request)
        rows = named_model(self, name).evaluations.all()
        return Response([_evaluation(row) for row in rows])


class RewardModelCompare(View):
    needs = {"GET": READ}

    @operation(
        "The shared test steps that two models answer otherwise, the largest fall of q "
        "first; `ours` is of the first",
        {200: COMPARISON},
    )
    def get(self, request: Request, name: str, other: str) -> Response:
        reading.query(request)
        pair = [named_model(self, model) for model in (name, other)]
        one, two = [evaluations.on_test(model) for model in pair]
        if one is None or two is None:
            return Response({"shared": 0, "flipped": 0, "flips": []})
        flips = evaluations.flips(one, two)
        return Response(
            {
                "shared": evaluations.shared(one, two),
                "flipped": flips.count(),
                "flips": [_flip(row) for row in flips[:MOST_FLIPS]],
            }
        )


def _evaluation(row: Evaluation) -> dict[str, Any]:
    return {
        "source": row.source,
        "data_sha256": row.data_sha256,
        "at": row.created_at,
        "results": row.results,
    }


def _flip(row: EvaluatedStep) -> dict[str, Any]:
    return {
        "episode": str(row.step.episode_id),
        "step": row.step.index,
        "verdict": row.verdict,
        "ours": row.predicted,
        "theirs": row.theirs,  # type: ignore[attr-defined]
        "q": row.q,
        "their_q": row.their_q,  # type: ignore[attr-defined]
    }
