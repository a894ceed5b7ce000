"""Growing episodes: each new step is sent once, and scored as it comes."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from webapp import access
from webapp.api import asked, preferences, reading, shapes, words
from webapp.api.permissions import SCORE
from webapp.api.schema import operation
from webapp.api.shapes import (
    COUNT,
    FLAG,
    OBJECT,
    TEXT,
    TIME,
    choice,
    component,
    listing,
    maybe,
    record,
)
from webapp.api.view import View
from webapp.models import ScoringSession
from webapp.services import predictions, sessions

SESSION = component(
    "Session",
    record(
        {
            "id": shapes.UUID,
            "url": TEXT,
            "model": maybe(OBJECT),
            "spec": record({"id": TEXT, "sha256": shapes.SHA256}),
            "steps": COUNT,
            "is_over": FLAG,
            "expires_at": TIME,
        }
    ),
)
_WHOLE = component(
    "SessionScore", record({"session": SESSION, "score": maybe(words.SCORE)})
)
_ADDED = component(
    "SessionStep",
    record(
        {
            "index": COUNT,
            "step": words.SCORED_STEP,
            "valid": FLAG,
            "reasons": listing(TEXT),
            "total": maybe(shapes.NUMBER),
            "usage": words.USAGE,
            "truncation": maybe(OBJECT),
        }
    ),
)
_START = record({"episode": OBJECT}, asked.BY)
_ADD = record(
    {"step": OBJECT},
    {
        "index": COUNT,
        "outcome": maybe(words.OUTCOME),
        "ended": choice("terminated", "truncated"),
    },
)
_FROM_SCORE = ("valid", "reasons", "total", "usage", "truncation")


class Sessions(View):
    needs = {"POST": SCORE}

    @operation("Open a session for an episode that grows", {201: SESSION}, body=_START)
    def post(self, request: Request) -> Response:
        reading.query(request)
        body = reading.body(request, _START)
        row = sessions.start(self.project, user=self.user, **body)
        shown = _show(row)
        return Response(shown, status=201, headers={"Location": shown["url"]})


class SessionDetail(View):
    needs = {"GET": SCORE, "DELETE": SCORE}

    @operation("The episode so far, scored as a whole", {200: _WHOLE})
    def get(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        row = _find(self, pk)
        return Response({"session": _show(row), "score": sessions.score(row)})

    @operation("Close a session and forget its steps", {204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        _find(self, pk).delete()
        return Response(status=204)


class SessionSteps(View):
    asks_the_scorer = True
    needs = {"POST": SCORE}

    @operation(
        "Add a step and get its scores; the same step again gives the same",
        {200: _ADDED},
        body=_ADD,
        headers=preferences.HEADERS,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        row = _find(self, pk)
        body = reading.body(request, _ADD)
        ending = {name: body[name] for name in ("outcome", "ended") if name in body}
        index = sessions.append(
            row, body["step"], index=body.get("index"), ending=ending
        )
        row.refresh_from_db()
        score = sessions.score(row) or {}
        added = {name: score[name] for name in _FROM_SCORE}
        return Response({"index": index, "step": score["steps"][index], **added})


def _find(view: View, pk: UUID) -> ScoringSession:
    open_rows = access.sessions(view.actor).filter(expires_at__gt=timezone.now())
    return view.find(open_rows.select_related("reward_model", "spec"), pk=pk)


def _show(row: ScoringSession) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "url": reverse("api:session", args=[row.pk]),
        "model": predictions.describe(row.reward_model),
        "spec": {"id": str(row.spec), "sha256": row.spec.sha256},
        "steps": row.steps.count(),
        "is_over": row.is_over,
        "expires_at": row.expires_at,
    }
