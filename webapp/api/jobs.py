"""Long work: how far it is, what came of it, and stopping it."""

from typing import Any
from uuid import UUID

from django.http import FileResponse
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from webapp import access
from webapp.api import reading, shapes
from webapp.api.downloads import ATTACHMENT, attachment
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import DELETE, READ, WRITE
from webapp.api.schema import listed, operation
from webapp.api.shapes import (
    COUNT,
    OBJECT,
    TEXT,
    TIME,
    choice,
    component,
    maybe,
    record,
)
from webapp.api.view import View
from webapp.models import Job
from webapp.models.job import Kind, State
from webapp.services import imports, jobs, undos

JOB = component(
    "Job",
    record(
        {
            "id": shapes.UUID,
            "url": TEXT,
            "kind": choice(*Kind.values),
            "state": choice(*State.values),
            "progress": OBJECT,
            "result": OBJECT,
            "error": TEXT,
            "attempt": COUNT,
            "cancel_requested": shapes.FLAG,
            "created_at": TIME,
            "started_at": maybe(TIME),
            "finished_at": maybe(TIME),
        }
    ),
)
_FILTERS = {"kind": choice(*Kind.values), "state": choice(*State.values)}


def show(job: Job) -> dict[str, Any]:
    return {
        "id": str(job.pk),
        "url": reverse("api:job", args=[job.pk]),
        "kind": job.kind,
        "state": job.state,
        "progress": job.progress,
        "result": job.result,
        "error": job.error,
        "attempt": job.attempt,
        "cancel_requested": job.cancel_requested,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def accepted(job: Job) -> Response:
    """202: the work goes on, `Location` says where to look."""
    shown = show(job)
    return Response(shown, status=202, headers={"Location": shown["url"]})


class Jobs(View):
    needs = {"GET": READ}

    @listed(
        "Imports, trainings, scorings and exports, newest first", JOB, query=_FILTERS
    )
    def get(self, request: Request) -> Response:
        wanted = reading.query(request, {**PARAMETERS, **_FILTERS})
        rows = access.jobs(self.actor).filter(project=self.project)
        if "kind" in wanted:
            rows = rows.filter(kind=wanted["kind"])
        if "state" in wanted:
            rows = rows.filter(state=wanted["state"])
        return page(request, rows, show)


class JobDetail(View):
    needs = {"GET": READ}

    @operation("One job, with its live progress", {200: JOB})
    def get(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        return Response(show(self.find(access.jobs(self.actor), pk=pk)))


class JobCancel(View):
    needs = {"POST": WRITE}

    @operation("Ask a job to stop; one that is over stays as it is", {202: JOB})
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        job = self.find(access.jobs(self.actor), pk=pk)
        return accepted(jobs.cancel(job))


class JobUndo(View):
    needs = {"POST": DELETE}

    @operation("Delete what an import brought and nobody has judged", {202: JOB})
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        job = self.find(access.jobs(self.actor), pk=pk)
        return accepted(undos.start(job, user=self.user))


class JobErrors(View):
    needs = {"GET": READ}

    @operation("All rows an import refused, as JSON lines", ATTACHMENT)
    def get(self, request: Request, pk: UUID) -> FileResponse:
        reading.query(request)
        job = self.find(access.jobs(self.actor), pk=pk, kind=Kind.IMPORT)
        return attachment(imports.errors_path(job), f"errors-{job.pk}.jsonl")
