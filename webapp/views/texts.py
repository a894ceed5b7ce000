"""The whole of a long text, of which the workspace shows only the beginning: put in
place for htmx, else as the plain text it is."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webapp import access
from webapp.models import Episode, Step
from webapp.templatetags.pacenote import pretty
from webapp.views.context import actor

OF_EPISODES = ("task", "system", "answer", "reference")
OF_STEPS = ("observation", "thought", "text", "error")
OF_CALLS = ("arguments", "result")


@require_safe
def of_episode(request: HttpRequest, pk: str, field: str) -> HttpResponse:
    if field not in OF_EPISODES:
        raise Http404
    return _answer(request, getattr(_episode(request, pk), field))


@require_safe
def of_step(request: HttpRequest, pk: str, index: int, field: str) -> HttpResponse:
    if field not in OF_STEPS:
        raise Http404
    return _answer(request, getattr(_step(request, pk, index), field))


@require_safe
def of_call(
    request: HttpRequest, pk: str, index: int, call: int, field: str
) -> HttpResponse:
    calls = _step(request, pk, index).calls
    if field not in OF_CALLS or call >= len(calls):
        raise Http404
    return _answer(request, pretty(calls[call].get(field) or ""))


def _episode(request: HttpRequest, pk: str) -> Episode:
    return access.one(access.episodes(actor(request)), pk=pk)


def _step(request: HttpRequest, pk: str, index: int) -> Step:
    return access.one(_episode(request, pk).steps.all(), index=index)


def _answer(request: HttpRequest, text: str | None) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "webapp/workspace/_text.html", {"text": text or ""})
    return HttpResponse(text or "", content_type="text/plain; charset=utf-8")
