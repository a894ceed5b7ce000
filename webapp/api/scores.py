"""Scores: of episodes in the request, or of stored ones."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import schema
from scoring.errors import InvalidInput
from scoring.rewards import Social
from webapp import access
from webapp.api import reading, words
from webapp.api.downloads import ATTACHMENT, attachment
from webapp.api.elements import each, each_line
from webapp.api.jobs import JOB, accepted
from webapp.api.pagination import PARAMETERS, page
from webapp.api.parsers import NDJSON, NDJSONParser, StrictJSONParser
from webapp.api.permissions import READ, SCORE
from webapp.api.schema import JSON, listed, operation
from webapp.api.shapes import FILE, either, listing, record
from webapp.api.view import View
from webapp.errors import AppError
from webapp.models import Score
from webapp.models.job import Kind
from webapp.services import answers, episodes, scores
from webapp.services.answers import Inputs

MAX_EPISODES = 1_000
# what one request to the scorer carries when the answer is streamed
BATCH = 16
# of English text and JSON; only decides which requests become jobs
CHARACTERS_A_TOKEN = 4

_BY = {"spec": words.SPEC_NAME, "model": words.MODEL_NAME}
_ASKED = record(
    {"episodes": listing(either(words.EPISODE, words.STORED), most=MAX_EPISODES)}, _BY
)
_HEADERS = {
    "Prefer": "`respond-async`: answer 202 with a job, as long requests do anyway.",
    "Idempotency-Key": "The same key again gives back the same job.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Runs beside what people said of their manners, and what to score them by."""

    runs: list[schema.Episode]
    social: list[Social | None]
    by: dict[str, str]

    def batches(self) -> Iterator["Asked"]:
        for i in range(0, len(self.runs), BATCH):
            part = slice(i, i + BATCH)
            yield Asked(self.runs[part], self.social[part], self.by)


class Scores(View):
    needs = {"POST": SCORE}
    parser_classes = [StrictJSONParser, NDJSONParser]

    @operation(
        "Score episodes; JSON lines in, JSON lines out",
        {200: words.SCORES, (200, NDJSON): FILE, 202: JOB},
        body={JSON: _ASKED, NDJSON: FILE},
        query=_BY,
        headers=_HEADERS,
    )
    def post(self, request: Request) -> HttpResponseBase:
        key = reading.key(request)
        asked = _asked(self, request)
        if _is_long(request, asked.runs):
            job = scores.start(
                self.project,
                user=self.user,
                episodes=asked.runs,
                social=asked.social,
                key=key,
                **asked.by,
            )
            return accepted(job)
        if _has_lines(request):
            return StreamingHttpResponse(_lines(self, asked), content_type=NDJSON)
        return Response({"scores": _score(self, asked)})


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
        body=record({}, _BY),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        episode = self.find(access.episodes(self.actor), pk=pk)
        by = reading.body(request, record({}, _BY))
        return Response(_body(scores.store(episode, **by)))


def _asked(view: View, request: Request) -> Asked:
    by = reading.query(request, _BY)
    by.pop("project", None)
    if _has_lines(request):
        lines: Any = request.data
        stored = _stored(view, [value for _, value in lines])
        pairs = each_line(lines, lambda value: _one(value, stored))
    else:
        body = reading.body(request, _ASKED)
        by |= {name: body[name] for name in _BY if name in body}
        stored = _stored(view, body["episodes"])
        pairs = each(body["episodes"], lambda value: _one(value, stored))
    return Asked([run for run, _ in pairs], [social for _, social in pairs], by)


def _has_lines(request: Request) -> bool:
    return (request.content_type or "").startswith(NDJSON)


def _one(value: Any, stored: Mapping[str, Inputs]) -> Inputs:
    if not _names_a_row(value):
        return schema.Episode.from_dict(value), None
    if value["id"] not in stored:
        raise InvalidInput("there is no stored episode with this id", pointer="/id")
    return stored[value["id"]]


def _stored(view: View, values: Sequence[Any]) -> dict[str, Inputs]:
    """The stored episodes named by `{"id": …}`, with people's answers about them."""
    named = [value["id"] for value in values if _names_a_row(value)]
    ids = {text: UUID(text) for text in named}
    rows = access.episodes(view.actor).filter(project=view.project, pk__in=ids.values())
    found = answers.inputs(
        list(rows.select_related("project").prefetch_related("steps"))
    )
    return {text: found[pk] for text, pk in ids.items() if pk in found}


def _names_a_row(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"id"}
        and reading.is_uuid(value["id"])
    )


def _is_long(request: Request, asked: Sequence[schema.Episode]) -> bool:
    if "respond-async" in request.headers.get("Prefer", ""):
        return True
    size = sum(episodes.approximate_size(episode) for episode in asked)
    return size / CHARACTERS_A_TOKEN > settings.SCORE_SYNC_TOKENS


def _score(view: View, asked: Asked) -> list[dict[str, Any]]:
    return scores.score(
        view.project,
        asked.runs,
        social=asked.social,
        deadline=settings.SCORE_DEADLINE_SECONDS,
        **asked.by,
    )


def _lines(view: View, asked: Asked) -> Iterator[bytes]:
    """One line an episode, in order. The first batch is scored before the answer
    begins, so that a refusal still has its status; a later one becomes lines."""
    batches = asked.batches()
    first = next(batches, None)
    scored = _score(view, first) if first else []
    return chain(map(_line, scored), _written(view, batches))


def _written(view: View, batches: Iterator[Asked]) -> Iterator[bytes]:
    for batch in batches:
        try:
            yield from map(_line, _score(view, batch))
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
