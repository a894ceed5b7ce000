"""Episodes: upload, list, read, delete, and the scores stored with them."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import schema
from webapp import access
from webapp.api import images, reading, shapes, words
from webapp.api.jobs import JOB, accepted
from webapp.api.pagination import PARAMETERS, page
from webapp.api.parsers import NDJSON, FileParser, UploadParser
from webapp.api.permissions import DELETE, READ, WRITE
from webapp.api.schema import JSON, listed, operation
from webapp.api.shapes import (
    COUNT,
    FILE,
    FLAG,
    TEXT,
    TIME,
    component,
    listing,
    maybe,
    record,
    text,
)
from webapp.api.view import View
from webapp.models import Episode
from webapp.services import episodes, imports, uploads
from webapp.services import images as pictures

SUMMARY = component(
    "EpisodeSummary",
    record(
        {
            "id": shapes.UUID,
            "external_id": TEXT,
            "task": TEXT,
            "agent": TEXT,
            "model": TEXT,
            "success": maybe(FLAG),
            "source_format": TEXT,
            "steps": COUNT,
            "labelled_steps": COUNT,
            "created_at": TIME,
        }
    ),
)
DETAIL = component(
    "EpisodeDetail",
    record(
        {
            "id": shapes.UUID,
            "episode": words.EPISODE,
            "source_format": TEXT,
            "content_hash": shapes.SHA256,
            "import_job": maybe(shapes.UUID),
            "images": listing(images.IMAGE),
            "created_at": TIME,
        }
    ),
)
_FILTERS = {
    "text": text(200),
    "success": FLAG,
    "labelled": FLAG,
    "source_format": text(40),
    "agent": text(200),
    "import_job": shapes.UUID,
}
_UPLOAD = {"filename": text(255), "format": text(40)}
_FORM = {
    "type": "object",
    "properties": {"file": FILE, "format": text(40)},
    "required": ["file"],
}
_KEY = {"Idempotency-Key": "The same key again gives back the same job."}


class Episodes(View):
    needs = {"GET": READ, "POST": WRITE}
    parser_classes = [UploadParser, FileParser]

    @listed("Episodes, newest first", SUMMARY, query=_FILTERS)
    def get(self, request: Request) -> Response:
        wanted = reading.query(request, {**PARAMETERS, **_FILTERS})
        job = wanted.get("import_job")
        rows = episodes.listing(
            self.project,
            text=wanted.get("text", ""),
            success=wanted.get("success"),
            labelled=wanted.get("labelled"),
            source_format=wanted.get("source_format", ""),
            agent=wanted.get("agent", ""),
            import_job=job and self.find(access.jobs(self.actor), pk=job),
        )
        return page(request, rows, _summary)

    @operation(
        "Upload a file of episodes in any known format",
        {202: JOB},
        body={
            "multipart/form-data": _FORM,
            JSON: words.EPISODE,
            NDJSON: FILE,
            "text/plain": FILE,
        },
        query=_UPLOAD,
        headers=_KEY,
    )
    def post(self, request: Request) -> Response:
        wanted = reading.query(request, _UPLOAD)
        key = reading.key(request)
        form = request.data if isinstance(request.data, QueryDict) else {}
        file = reading.file(request)
        job = imports.start(
            self.project,
            user=self.user,
            upload=uploads.store(file),
            filename=reading.name_of(file, wanted.get("filename")),
            format=wanted.get("format") or form.get("format"),
            key=key,
        )
        return accepted(job)


class EpisodeDetail(View):
    needs = {"GET": READ, "DELETE": DELETE}

    @operation(
        "One episode as pacenote/episode@1, and what we know of it", {200: DETAIL}
    )
    def get(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        return Response(_detail(self.find(access.episodes(self.actor), pk=pk)))

    @operation("Delete an episode with its labels and scores", {204: None})
    def delete(self, request: Request, pk: UUID) -> HttpResponse:
        reading.query(request)
        episodes.delete(self.find(access.episodes(self.actor), pk=pk))
        return HttpResponse(status=204)


def _summary(episode: Episode) -> dict[str, Any]:
    return {
        "id": str(episode.pk),
        "external_id": episode.external_id,
        "task": episode.task,
        "agent": episode.agent,
        "model": episode.model,
        "success": episode.success,
        "source_format": episode.source_format,
        "steps": episode.step_count,
        "labelled_steps": episode.labelled_steps,  # type: ignore[attr-defined]
        "created_at": episode.created_at,
    }


def _detail(episode: Episode) -> dict[str, Any]:
    body: schema.Episode = episode.to_schema()
    return {
        "id": str(episode.pk),
        "episode": body.to_dict(),
        "source_format": episode.source_format,
        "content_hash": episode.content_hash,
        "import_job": episode.import_job_id and str(episode.import_job_id),
        "images": [images.show(one) for one in pictures.of(episode).values()],
        "created_at": episode.created_at,
    }
