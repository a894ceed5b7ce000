"""Scores: of episodes in the request, or of stored ones."""

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import schema
from webapp import access
from webapp.api import asked, reading, words
from webapp.api.asked import Asked
from webapp.api.downloads import ATTACHMENT, attachment
from webapp.api.jobs import JOB, accepted
from webapp.api.pagination import PARAMETERS, page
from webapp.api.parsers import NDJSON, NDJSONParser, StrictJSONParser
from webapp.api.permissions import READ, SCORE
from webapp.api.schema import JSON, listed, operation
from webapp.api.shapes import FILE, record
from webapp.api.view import View
from webapp.errors import AppError
from webapp.models import Score
from webapp.models.job import Kind
from webapp.services import episodes, scores

# what one request to the scorer carries when the answer is streamed
BATCH = 16
# of English text and JSON; only decides which requests become jobs
CHARACTERS_A_TOKEN = 4

_ASKED = record({"episodes": asked.EPISODES}, asked.BY)
_HEADERS = {
    "Prefer": "`respond-async`: answer 202 with a job, as long requests do anyway.",
    "Idempotency-Key": "The same key again gives back the same job.",
}


class Scores(View):
    needs = {"POST": SCORE}
    parser_classes = [StrictJSONParser, NDJSONParser]

    @operation(
        "Score episodes; JSON lines in, JSON lines out",
        {200: words.SCORES, (200, NDJSON): FILE, 202: JOB},
        body={JSON: _ASKED, NDJSON: FILE},
        query=asked.BY,
        headers=_HEADERS,
    )
    def post(self, request: Request) -> HttpResponseBase:
        key = reading.key(request)
        wanted = _asked(self, request)
        if _is_long(request, wanted.runs):
            job = scores.start(
                self.project,
                user=self.user,
                episodes=wanted.runs,
                social=wanted.social,
                key=key,
                **wanted.by,
            )
            return accepted(job)
        if _has_lines(request):
            return StreamingHttpResponse(_lines(self, wanted), content_type=NDJSON)
        return Response({"scores": asked.score(self, wanted)})


class ScoresFile(View):
    needs = {"GET": SCORE}

    @operation("The scores of a scoring job that is done, as JSON lines", ATTACHMENT)
    def get(self, request: Request, pk: UUID) -> FileResponse:
        reading.query(request)
        job = self.find(access.jobs(self.actor), pk=pk, kind=Kind.SCORE)
        return attachment(scores.file_of(job), f"scores-{job.pk}.jsonl")


class EpisodeScores(View):
    needs = {"GET": READ, "POST": SCORE}

    @listed("Scores stored with an episode, newest first", words.SCORE)
    def get(self, request: Request, pk: UUID) -> Response:
        reading.query(request, PARAMETERS)
        episode = self.find(access.episodes(self.actor), pk=pk)
        rows = access.scores(self.actor).filter(episode=episode)
        return page(request, rows, _body)

    @operation(
        "Score a stored episode and keep the score",
        {200: words.SCORE},
        body=record({}, asked.BY),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        episode = self.find(access.episodes(self.actor), pk=pk)
        by = reading.body(request, record({}, asked.BY))
        return Response(_body(scores.store(episode, **by)))


def _asked(view: View, request: Request) -> Asked:
    by = reading.query(request, asked.BY)
    by.pop("project", None)
    if _has_lines(request):
        return asked.in_lines(view, request.data, by)
    return asked.in_body(view, reading.body(request, _ASKED), by)


def _has_lines(request: Request) -> bool:
    return (request.content_type or "").startswith(NDJSON)


def _is_long(request: Request, asked: Sequence[schema.Episode]) -> bool:
    if "respond-async" in request.headers.get("Prefer", ""):
        return True
    size = sum(episodes.approximate_size(episode) for episode in asked)
    return size / CHARACTERS_A_TOKEN > settings.SCORE_SYNC_TOKENS


def _lines(view: View, wanted: Asked) -> Iterator[bytes]:
    """One line an episode, in order. The first batch is scored before the answer
    begins, so that a refusal still has its status; a later one becomes lines."""
    batches = wanted.batches(BATCH)
    first = next(batches, None)
    scored = asked.score(view, first) if first else []
    return chain(map(_line, scored), _written(view, batches))


def _written(view: View, batches: Iterator[Asked]) -> Iterator[bytes]:
    for batch in batches:
        try:
            yield from map(_line, asked.score(view, batch))
        except AppError as error:
            yield from (_line(_refused(run, error)) for run in batch.runs)


def _refused(run: schema.Episode, error: AppError) -> dict[str, Any]:
    reasons = [error.code]
    return {"episode": run.id, "valid": False, "reasons": reasons, "total": None}


def _line(score: dict[str, Any]) -> bytes:
    return json.dumps(score).encode() + b"\n"


def _body(score: Score) -> dict[str, Any]:
    body: dict[str, Any] = score.body
    return body
