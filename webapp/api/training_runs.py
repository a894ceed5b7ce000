"""Training runs: start one, watch its curve, stop it."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from webapp import access
from webapp.api import reading
from webapp.api.jobs import JOB
from webapp.api.jobs import show as show_job
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import READ, TRAIN
from webapp.api.schema import listed, operation
from webapp.api.shapes import (
    COUNT,
    NUMBER,
    OBJECT,
    TIME,
    component,
    listing,
    maybe,
    record,
    text,
)
from webapp.api.view import View
from webapp.models import TrainingRun
from webapp.services import jobs, training

RUN = component(
    "TrainingRun",
    record(
        {
            "id": COUNT,
            "job": JOB,
            "snapshot": COUNT,
            "config": OBJECT,
            "curve": {
                **listing(listing(maybe(NUMBER))),
                "description": "[epoch, training loss, validation loss] so far",
            },
            "reward_model": maybe(text(20)),
            "created_at": TIME,
        }
    ),
)
_START = record({}, {"config": OBJECT, "snapshot": COUNT})
_KEY = {"Idempotency-Key": "The same key again gives back the same run."}


class TrainingRuns(View):
    needs = {"GET": READ, "POST": TRAIN}

    @listed("Training runs, newest first", RUN)
    def get(self, request: Request) -> Response:
        reading.query(request, PARAMETERS)
        return page(request, _rows(self).filter(project=self.project), _show)

    @operation(
        "Train on a snapshot (a fresh one by default)",
        {202: RUN},
        body=_START,
        headers=_KEY,
    )
    def post(self, request: Request) -> Response:
        reading.query(request)
        wanted = reading.body(request, _START)
        snapshot = wanted.get("snapshot")
        run = training.start(
            self.project,
            user=self.user,
            config=wanted.get("config"),
            snapshot=None
            if snapshot is None
            else self.find(access.snapshots(self.actor), pk=int(snapshot)),
            key=reading.key(request),
        )
        return Response(_show(run), status=202)


class TrainingRunDetail(View):
    needs = {"GET": READ}

    @operation("One run with its live progress and curve", {200: RUN})
    def get(self, request: Request, pk: int) -> Response:
        reading.query(request)
        return Response(_show(self.find(_rows(self), pk=pk)))


class TrainingRunCancel(View):
    needs = {"POST": TRAIN}

    @operation("Stop a run", {202: RUN})
    def post(self, request: Request, pk: int) -> Response:
        reading.query(request)
        run = self.find(_rows(self), pk=pk)
        run.job = jobs.cancel(run.job)
        return Response(_show(run), status=202)


def _rows(view: View) -> Any:
    return access.training_runs(view.actor).select_related("job", "reward_model")


def _show(run: TrainingRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "job": show_job(run.job),
        "snapshot": run.snapshot_id,
        "config": run.config,
        "curve": run.curve,
        "reward_model": run.reward_model and f"v{run.reward_model.version}",
        "created_at": run.created_at,
    }
