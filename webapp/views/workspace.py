"""The workspace: one episode read step by step and judged.

The page comes whole for the part of the episode around the step in focus, without the
bodies of far-away steps: those arrive by the chunk when the reader gets near.
"""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from webapp import access
from webapp.forms import CHOICES
from webapp.models import Episode, Step
from webapp.models.label_event import Axis
from webapp.services import images, labels, reading, scores
from webapp.templatetags.pacenote import VERDICTS, key
from webapp.views import keys
from webapp.views.context import actor, is_engineer, signed_in

# what the page's script says
TEXTS = {
    "step": _("step"),
    "saving": _("saving %n…"),
    "saved": _("saved"),
    "retrying": _("not saved: retrying"),
    "signed-out": _("not saved: sign in again in another tab"),
    "last": _("this was the last step"),
    "allLabelled": _("no unlabelled step there"),
    "nothingToUndo": _("nothing to undo"),
    "nothingToRedo": _("nothing to redo"),
    "insist": _("Use mine"),
}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of steps; `steps` is None until somebody comes near."""

    start: int
    end: int
    steps: list[Step] | None


@require_safe
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    episode = _episode(request, pk)
    judged = labels.current(episode, user=signed_in(request))
    focus = _focus(request, episode, judged)
    part = reading.Part.around(episode, focus)
    verdicts = {
        index: said.get(Axis.VERDICT) for index, said in judged["steps"].items()
    }
    context = {
        "project": episode.project,
        "episode": episode,
        "part": part,
        "images": images.of(episode),
        "rungs": _grouped(reading.lines(episode, part)),
        "chunks": [_chunk(episode, indices, focus) for indices in part.chunks()],
        "focus": focus,
        "verdicts": verdicts,
        "labelled": sum(value is not None for value in verdicts.values()),
        "comment": judged["steps"].get(focus, {}).get(Axis.COMMENT, ""),
        "judged": judged,
        "is_engineer": is_engineer(request, episode.project),
        "outcomes": CHOICES[Axis.OUTCOME],
        "manners": CHOICES[Axis.PREFERENCE],
        "overlay": keys.overlay(),
        "setup": _setup(request, episode, part, judged),
    }
    return render(request, "webapp/workspace/detail.html", context)


@require_safe
def steps(request: HttpRequest, pk: str, start: int) -> HttpResponse:
    """One chunk of whole steps, for the page to put in its place."""
    episode = _episode(request, pk)
    if not 0 <= start < episode.step_count:
        raise Http404
    end = min(start + reading.CHUNK, episode.step_count)
    judged = labels.current(episode, user=signed_in(request))["steps"]
    context = {
        "episode": episode,
        "images": images.of(episode),
        "chunk": Chunk(start, end, reading.steps(episode, range(start, end))),
        "verdicts": {i: said.get(Axis.VERDICT) for i, said in judged.items()},
        "focus": None,
    }
    return render(request, "webapp/workspace/_chunk.html", context)


@require_safe
def model_score(request: HttpRequest, pk: str, index: int) -> HttpResponse:
    """What the model thinks of a step, once its reader has said what they think."""
    episode = _episode(request, pk)
    judged = labels.current(episode, user=signed_in(request))["steps"].get(index, {})
    may_see = judged.get(Axis.VERDICT) is not None
    score = scores.latest(episode) if may_see else None
    found = score.body["steps"][index : index + 1] if score else []
    context = {
        "project": episode.project,
        "episode": episode,
        "index": index,
        "may_see": may_see,
        "step": found[0] if found else None,
        "model": score.reward_model if score else None,
    }
    part = request.htmx  # type: ignore[attr-defined]
    page = "_model_score.html" if part else "model_score.html"
    return render(request, f"webapp/workspace/{page}", context)


def _episode(request: HttpRequest, pk: str) -> Episode:
    rows = access.episodes(actor(request)).select_related("project")
    return access.one(rows, pk=pk)


def _focus(request: HttpRequest, episode: Episode, judged: dict[str, Any]) -> int:
    """The step asked for, else the first one nobody judged."""
    asked = request.GET.get("step", "")
    if asked.isdecimal() and len(asked) < 9:
        return min(int(asked), episode.step_count - 1)
    unlabelled = (
        index
        for index in range(episode.step_count)
        if judged["steps"].get(index, {}).get(Axis.VERDICT) is None
    )
    return next(unlabelled, 0)


def _chunk(episode: Episode, indices: range, focus: int) -> Chunk:
    near = focus in indices
    loaded = reading.steps(episode, indices) if near else None
    return Chunk(indices.start, indices.stop, loaded)


def _grouped(lines: list[reading.Line]) -> list[list[reading.Line]]:
    """Lists a browser may skip painting one by one."""
    size = reading.CHUNK
    return [lines[i : i + size] for i in range(0, len(lines), size)]


def _setup(
    request: HttpRequest, episode: Episode, part: reading.Part, judged: dict[str, Any]
) -> dict[str, Any]:
    """What the page's script needs to know."""
    comments = {
        index: said[Axis.COMMENT]
        for index, said in judged["steps"].items()
        if Axis.COMMENT in said
    }
    here = reverse("workspace", args=[episode.pk])
    return {
        "keys": keys.table(),
        "verdicts": VERDICTS,
        "comments": comments,
        "whole": {axis: key(judged[axis]) for axis in labels.EPISODE_AXES},
        "texts": {name: str(text) for name, text in TEXTS.items()},
        "outbox": f"pacenote:{request.user.pk}:{episode.pk}",
        "total": episode.step_count,
        "previousPart": f"{here}?step={part.start - 1}" if part.start else "",
        "nextPart": f"{here}?step={part.end}" if part.number + 1 < part.count else "",
    }
