"""Snapshots: training sets, fixed and hashed."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from webapp import access
from webapp.api import reading, shapes
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import READ, TRAIN
from webapp.api.schema import listed, operation
from webapp.api.shapes import COUNT, OBJECT, TIME, component, record
from webapp.api.view import View
from webapp.models import Snapshot
from webapp.services import snapshots

SNAPSHOT = component(
    "Snapshot",
    record(
        {
            "id": COUNT,
            "sha256": shapes.SHA256,
            "events": COUNT,
            "counts": OBJECT,
            "created_at": TIME,
        }
    ),
)
_SEED = record({}, {"seed": COUNT})


class Snapshots(View):
    needs = {"GET": READ, "POST": TRAIN}

    @listed("Training sets, newest first", SNAPSHOT)
    def get(self, request: Request) -> Response:
        reading.query(request, PARAMETERS)
        rows = access.snapshots(self.actor).filter(project=self.project)
        return page(request, rows, _show)

    @operation(
        "Fix the labels that stand now; the same labels give the same snapshot",
        {201: SNAPSHOT},
        body=_SEED,
    )
    def post(self, request: Request) -> Response:
        reading.query(request)
        seed = reading.body(request, _SEED).get("seed", 0)
        snapshot = snapshots.take(self.project, user=self.user, seed=int(seed))
        return Response(_show(snapshot), status=201)


class SnapshotDetail(View):
    needs = {"GET": READ}

    @operation("One training set", {200: SNAPSHOT})
    def get(self, request: Request, pk: int) -> Response:
        reading.query(request)
        return Response(_show(self.find(access.snapshots(self.actor), pk=pk)))


def _show(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.pk,
        "sha256": snapshot.sha256,
        "events": len(snapshot.event_ids),
        "counts": snapshot.counts,
        "created_at": snapshot.created_at,
    }
