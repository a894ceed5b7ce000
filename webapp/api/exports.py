"""Exports: labels as a file some trainer reads."""

from uuid import UUID

from django.http import FileResponse
from rest_framework.request import Request
from rest_framework.response import Response

from scoring.exports import EXPORTS
from webapp import access
from webapp.api import reading
from webapp.api.downloads import ATTACHMENT, attachment
from webapp.api.jobs import JOB, accepted
from webapp.api.jobs import show as show_job
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import READ, TRAIN
from webapp.api.schema import listed, operation
from webapp.api.shapes import choice, record, text
from webapp.api.view import View
from webapp.models.job import Kind
from webapp.services import exports

_EXPORT = record({"format": choice(*EXPORTS)}, {"policy": text(40)})
_KEY = {"Idempotency-Key": "The same key again gives back the same job."}


class Exports(View):
    needs = {"GET": READ, "POST": TRAIN}

    @listed("Export jobs, newest first", JOB)
    def get(self, request: Request) -> Response:
        reading.query(request, PARAMETERS)
        rows = access.jobs(self.actor).filter(project=self.project, kind=Kind.EXPORT)
        return page(request, rows, show_job)

    @operation(
        "Write the project's labels in a trainer's format",
        {202: JOB},
        body=_EXPORT,
        headers=_KEY,
    )
    def post(self, request: Request) -> Response:
        reading.query(request)
        wanted = reading.body(request, _EXPORT)
        job = exports.start(
            self.project, user=self.user, key=reading.key(request), **wanted
        )
        return accepted(job)


class ExportFile(View):
    needs = {"GET": TRAIN}

    @operation("The file of an export that is done", ATTACHMENT)
    def get(self, request: Request, pk: UUID) -> FileResponse:
        reading.query(request)
        job = self.find(access.jobs(self.actor), pk=pk, kind=Kind.EXPORT)
        return attachment(exports.file_of(job), f"{job.input['format']}-{job.pk}.jsonl")
