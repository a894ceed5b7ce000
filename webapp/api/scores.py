"""Scores: of episodes in the request, or of stored ones."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import schema, strictjson
from webapp import access, calls
from webapp.api import asked, preferences, reading, words
from webapp.api.asked import Asked
from webapp.api.downloads import ATTACHMENT, attachment
from webapp.api.incoming import Incoming
from webapp.api.jobs import JOB, accepted
from webapp.api.lines import Lines
from webapp.api.pagination import PARAMETERS, page
from webapp.api.parsers import NDJSON
from webapp.api.permissions import READ, SCORE
from webapp.api.schema import JSON, listed, operation
from webapp.api.shapes import FILE, record
from webapp.api.view import View
from webapp.errors import Busy, NotReady
from webapp.models import Score
from webapp.models.job import Kind
from webapp.services import episodes, scores
from webapp.services.remembered import Memory

# of English text and JSON; only decides which requests become jobs
CHARACTERS_A_TOKEN = 4

_ASKED = record({"episodes": asked.EPISODES}, asked.BY)
_BY = record({}, asked.BY)
_HEADERS = {
    **preferences.HEADERS,
    "Idempotency-Key": "The same key again gives back the same job or answer.",
}


class Scores(View):
    asks_the_scorer = True
    needs = {"POST": SCORE}

    @operation(
        "Score episodes; JSON lines in, JSON lines out",
        {200: words.SCORES, (200, NDJSON): FILE, 202: JOB},
        body={JSON: _ASKED, NDJSON: FILE},
        query=asked.BY,
        headers=_HEADERS,
    )
    def post(self, request: Request) -> HttpResponseBase:
        by, key = reading.query(request, asked.BY), reading.key(request)
        by.pop("project", None)
        if not _has_lines(request):
            with calls.current().spending("parse"):
                body = reading.body(request, _ASKED)
                wanted = asked.in_body(self, body, by)
            return self._answer(wanted, key, [body, by])
        incoming = Incoming(request)
        if self.preferred.job:
            return self._job(asked.in_lines(self, _values(incoming), by), key)
        scoring = scores.Scoring.of(self.project, **by)
        answers = Lines(self, incoming, scoring).answers()
        return StreamingHttpResponse(answers, content_type=NDJSON)

    def _answer(self, wanted: Asked, key: str | None, whole: Any) -> Response:
        """At once, or as a job: where the caller prefers one, or the answer would take
        too long."""
        preferred = self.preferred
        if _is_long(wanted.runs) or (preferred.job and preferred.seconds is None):
            return self._job(wanted, key)
        memory = Memory.of(self.project, key, whole) if key else None
        known = memory.recall() if memory else None
        if known is not None:
            return Response(known, headers={"Idempotency-Replayed": "true"})
        try:
            said = {"scores": asked.score(self, wanted)}
        except (NotReady, Busy):
            if not preferred.job:
                raise
            return self._job(wanted, key)
        return Response(memory.keep(said) if memory else said)

    def _job(self, wanted: Asked, key: str | None) -> Response:
        job = scores.start(
            self.project,
            user=self.user,
            episodes=wanted.runs,
            social=wanted.social,
            key=key,
            **wanted.by,
        )
        return accepted(job)


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
        body=_BY,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        episode = self.find(access.episodes(self.actor), pk=pk)
        by = reading.body(request, _BY)
        return Response(_body(scores.store(episode, **by)))


def _has_lines(request: Request) -> bool:
    return (request.content_type or "").startswith(NDJSON)


def _values(incoming: Incoming) -> list[tuple[int, Any]]:
    return [(number, strictjson.loads(text, line=number)) for number, text in incoming]


def _is_long(asked: Sequence[schema.Episode]) -> bool:
    size = sum(episodes.approximate_size(episode) for episode in asked)
    return size / CHARACTERS_A_TOKEN > settings.SCORE_SYNC_TOKENS


def _body(score: Score) -> dict[str, Any]:
    body: dict[str, Any] = score.body
    return body
