"""The runs of a task under other weights, another eta, another judgement of a step."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from scoring import rewards
from webapp import access
from webapp.forms import FlipForm, SpecEdits
from webapp.services import reward_specs, what_if
from webapp.services.what_if import Flip
from webapp.views.context import actor, is_engineer
from webapp.views.promises import Promises


@dataclass(frozen=True, slots=True)
class Slider:
    name: str
    least: float
    value: float
    before: float


@require_safe
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """The panel, or for htmx what changes when a slider moves."""
    rows = access.episodes(actor(request)).select_related("project__spec")
    episode = access.one(rows, pk=pk)
    base = reward_specs.find(request.GET.get("from") or str(episode.project.spec))
    before = base.to_spec()
    after = SpecEdits(request.GET).applied(before)
    flip = FlipForm(request.GET)
    context = {
        "project": episode.project,
        "episode": episode,
        "base": base,
        "specs": reward_specs.listing(),
        "sliders": list(_sliders(before, after)),
        "flip": flip,
        "is_engineer": is_engineer(request, episode.project),
        "promises": Promises.of(after).beside(Promises.of(before)),
        "runs": what_if.compare(episode, before, after, _flip(flip)),
        "most": what_if.MOST_RUNS,
    }
    part = request.htmx  # type: ignore[attr-defined]
    page = "webapp/rewards/_ranking.html" if part else "webapp/rewards/what_if.html"
    return render(request, page, context)


def _sliders(before: rewards.Spec, after: rewards.Spec) -> Iterator[Slider]:
    pairs = zip(rewards.FAMILIES, after.weights, before.weights, strict=True)
    for name, value, was in pairs:
        yield Slider(name, 0, value, was)
    yield Slider("eta", 0.05, after.process.eta, before.process.eta)


def _flip(form: FlipForm) -> Flip | None:
    given = form.cleaned_data if form.is_valid() else {}
    if not given.get("step") or not given.get("q"):
        return None
    return Flip(given["step"] - 1, float(given["q"]))
