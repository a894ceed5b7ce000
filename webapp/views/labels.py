"""Judgements from the workspace: by its script as JSON, by its forms without it."""

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from scoring.errors import InvalidInput, ScoringError
from webapp import access
from webapp.errors import AppError
from webapp.forms import LabelForm, UndoForm
from webapp.models import Episode, LabelEvent
from webapp.models.label_event import Axis
from webapp.services import labels
from webapp.views import errors
from webapp.views.context import actor, signed_in


@require_POST
def record(request: HttpRequest, pk: str) -> HttpResponse:
    episode = _episode(request, pk)
    try:
        event = _record(request, episode)
    except (AppError, ScoringError) as error:
        return _explained(request, error)
    return _written(request, event, advance=event.axis == Axis.VERDICT)


@require_POST
def undo(request: HttpRequest, pk: str) -> HttpResponse:
    episode = _episode(request, pk)
    form = UndoForm(request.POST)
    event_id = form.cleaned_data["event_id"] if form.is_valid() else None
    try:
        event = labels.undo(
            episode, user=signed_in(request), event_id=event_id or uuid.uuid4()
        )
    except AppError as error:
        return _explained(request, error)
    if event is not None:
        return _written(request, event)
    nothing = {"axis": None}
    return JsonResponse(nothing) if _wants_json(request) else redirect("workspace", pk)


def _record(request: HttpRequest, episode: Episode) -> LabelEvent:
    form = LabelForm(request.POST)
    if not form.is_valid():
        field, problems = next(iter(form.errors.items()))
        raise InvalidInput(str(problems[0]), pointer=f"/{field}")
    said = form.cleaned_data
    return labels.record(
        episode,
        user=signed_in(request),
        event_id=said["event_id"] or uuid.uuid4(),
        axis=said["axis"],
        value=said["value"],
        step_index=said["step_index"],
        expected_previous=said["expected"]
        if "expected" in request.POST
        else labels.UNSET,
        active_ms=said["active_ms"],
        score_visible=said["score_visible"],
    )


def _episode(request: HttpRequest, pk: str) -> Episode:
    rows = access.episodes(actor(request)).select_related("project")
    return access.one(rows, pk=pk)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _written(
    request: HttpRequest, event: LabelEvent, *, advance: bool = False
) -> HttpResponse:
    index = event.step.index if event.step else None
    if _wants_json(request):
        body = {"axis": event.axis, "step_index": index, "value": event.value}
        return JsonResponse({**body, "previous": event.previous})
    at = reverse("workspace", args=[event.episode_id])
    if index is None:
        return redirect(at)
    last = event.episode.step_count - 1
    target = min(index + 1, last) if advance else index
    return redirect(f"{at}?step={target}#step-{target}")


def _explained(request: HttpRequest, error: AppError | ScoringError) -> HttpResponse:
    """For the script an answer it can read; for a form the page about errors."""
    if not _wants_json(request):
        raise error
    extra = error.extra if isinstance(error, AppError) else {}
    body = {"detail": str(error), **extra}
    return JsonResponse(body, status=errors.status_of(error))
