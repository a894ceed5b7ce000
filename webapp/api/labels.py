"""Labels: each judgement one event, idempotent by the id its client gave it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from webapp import access
from webapp.api import reading, shapes
from webapp.api.pagination import PARAMETERS, page
from webapp.api.permissions import READ, WRITE
from webapp.api.schema import listed, operation
from webapp.api.shapes import (
    COUNT,
    FLAG,
    OBJECT,
    TEXT,
    TIME,
    choice,
    component,
    either,
    listing,
    maybe,
    record,
)
from webapp.api.view import View
from webapp.models import Episode, LabelEvent, Project
from webapp.models.label_event import Axis, Provenance
from webapp.models.project import Role
from webapp.services import labels
from webapp.services.labels import UNSET

_VALUE = either({"type": ["string", "number", "boolean", "null"]})
JUDGEMENT = component(
    "Judgement",
    record(
        {"id": shapes.UUID, "axis": choice(*Axis.values), "value": _VALUE},
        {
            "step": maybe(COUNT),
            "expected": {
                **_VALUE,
                "description": "409 unless this is what stands now.",
            },
            "provenance": choice(*Provenance.values),
            "active_ms": maybe(COUNT),
            "score_visible": FLAG,
        },
    ),
)
EVENT = component(
    "LabelEvent",
    record(
        {
            "id": shapes.UUID,
            "sequence": COUNT,
            "episode": shapes.UUID,
            "step": maybe(COUNT),
            "axis": choice(*Axis.values),
            "value": _VALUE,
            "previous": _VALUE,
            "provenance": choice(*Provenance.values),
            "by": TEXT,
            "guideline_version": COUNT,
            "active_ms": maybe(COUNT),
            "score_visible": FLAG,
            "undoes": maybe(shapes.UUID),
            "created_at": TIME,
            "is_latest": FLAG,
        }
    ),
)
_UNDO = record({"id": shapes.UUID})
_ONE_OR_MANY = either(JUDGEMENT, listing(JUDGEMENT, least=1, most=500))
_FILTERS = {
    "axis": choice(*Axis.values),
    "provenance": choice(*Provenance.values),
    "latest": FLAG,
}


class Labels(View):
    needs = {"GET": READ}

    @listed("Label events of the project, oldest first", EVENT, query=_FILTERS)
    def get(self, request: Request) -> Response:
        wanted = reading.query(request, {**PARAMETERS, **_FILTERS})
        rows = LabelEvent.objects.filter(project=self.project)
        if "axis" in wanted:
            rows = rows.filter(axis=wanted["axis"])
        if "provenance" in wanted:
            rows = rows.filter(provenance=wanted["provenance"])
        if "latest" in wanted:
            rows = rows.filter(is_latest=wanted["latest"])
        visible = _visible(self, rows, self.project).order_by("created_at", "id")
        return page(request, visible, _show)


class EpisodeLabels(View):
    needs = {"GET": READ, "POST": WRITE}

    @operation(
        "Your judgements that stand, and the history",
        {200: record({"current": OBJECT, "events": listing(EVENT)})},
    )
    def get(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        episode = self.find(access.episodes(self.actor), pk=pk)
        rows = LabelEvent.objects.filter(episode=episode).order_by("sequence")
        current = labels.current(episode, user=self.user)
        events = [_show(row) for row in _visible(self, rows, episode.project)]
        return Response({"current": current, "events": events})

    @operation(
        "Write one judgement or a list, all or none",
        {200: either(EVENT, listing(EVENT))},
        body=_ONE_OR_MANY,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        episode = self.find(access.episodes(self.actor), pk=pk)
        given = reading.body(request, _ONE_OR_MANY)
        many = given if isinstance(given, list) else [given]
        with transaction.atomic():
            events = [_show(_record(self, episode, row)) for row in many]
        return Response(events if isinstance(given, list) else events[0])


class EpisodeUndo(View):
    needs = {"POST": WRITE}

    @operation(
        "Take back your last judgement that stands; null when none is left",
        {200: record({"event": maybe(EVENT)})},
        body=_UNDO,
    )
    def post(self, request: Request, pk: UUID) -> Response:
        reading.query(request)
        episode = self.find(access.episodes(self.actor), pk=pk)
        given = reading.body(request, _UNDO)
        event = labels.undo(episode, user=self.user, event_id=UUID(given["id"]))
        return Response({"event": event and _show(event)})


def _record(view: View, episode: Episode, row: Mapping[str, Any]) -> LabelEvent:
    provenance = row.get("provenance", Provenance.HUMAN)
    if provenance == Provenance.ADJUDICATED:
        access.require(view.actor, episode.project, Role.REVIEWER)
    return labels.record(
        episode,
        user=view.user,
        event_id=UUID(row["id"]),
        axis=row["axis"],
        value=row["value"],
        step_index=row.get("step"),
        expected_previous=row.get("expected", UNSET),
        provenance=provenance,
        active_ms=row.get("active_ms"),
        score_visible=row.get("score_visible", False),
    )


def _visible(view: View, rows: Any, project: Project) -> Any:
    """Annotators judge blind: only reviewers see what others said."""
    rows = rows.select_related("user", "step")
    member = access.require(view.actor, project, Role.ANNOTATOR)
    return rows if member.may(Role.REVIEWER) else rows.filter(user=view.user)


def _show(event: LabelEvent) -> dict[str, Any]:
    return {
        "id": str(event.pk),
        "sequence": event.sequence,
        "episode": str(event.episode_id),
        "step": event.step and event.step.index,
        "axis": event.axis,
        "value": event.value,
        "previous": event.previous,
        "provenance": event.provenance,
        "by": event.user.get_username(),
        "guideline_version": event.guideline_version,
        "active_ms": event.active_ms,
        "score_visible": event.score_visible,
        "undoes": event.undoes_id and str(event.undoes_id),
        "created_at": event.created_at,
        "is_latest": event.is_latest,
    }
