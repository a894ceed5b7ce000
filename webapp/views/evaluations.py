"""How good a reward model is, where it is wrong, and beside another one."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from webapp import access
from webapp.forms import EvaluationForm
from webapp.models import Evaluation, RewardModel
from webapp.models.project import Role
from webapp.services import evaluations, uploads
from webapp.views import cards, plots, progress
from webapp.views.context import actor, is_engineer, posted, signed_in

VERDICTS = (-1, 0, 1)
PAGE = 50


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a confusion matrix; `share` is of its row."""

    verdict: int
    predicted: int
    steps: int
    share: float


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One evaluation of the model; a posted file starts another."""
    model = _model(request, pk)
    form = EvaluationForm(posted(request), request.FILES or None)
    if form.is_valid():
        access.require(actor(request), model.project, Role.ENGINEER)
        file = form.cleaned_data["file"]
        job = evaluations.request(
            model,
            user=signed_in(request),
            upload=uploads.store(file),
            name=file.name,
            format="",
        )
        return redirect("job", job.pk)
    shown = _shown(request, model)
    context = {
        "project": model.project,
        "model": model,
        "form": form,
        "is_engineer": is_engineer(request, model.project),
        "evaluations": model.evaluations.all(),
        "shown": shown,
        "others": _others(model),
        **(_drawings(model, shown) if shown else {}),
        **_waiting(model),
    }
    status = 422 if form.errors else 200
    return render(request, "webapp/models/evaluation.html", context, status=status)


@require_safe
def steps(request: HttpRequest, pk: int) -> HttpResponse:
    """The steps of an evaluation, of one cell of its confusion matrix if both verdicts
    are named."""
    model = _model(request, pk)
    shown = _shown(request, model)
    said, predicted = (_verdict(request, name) for name in ("verdict", "predicted"))
    rows = shown and evaluations.steps(shown, verdict=said, predicted=predicted)
    context = {
        "project": model.project,
        "model": model,
        "shown": shown,
        "said": said,
        "predicted": predicted,
        "page": Paginator(rows or [], PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "webapp/models/steps.html", context)


@require_safe
def compare(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two models side by side: their numbers, and every step they answer otherwise."""
    model, rival = _model(request, pk), _model(request, other)
    one, two = evaluations.on_test(model), evaluations.on_test(rival)
    both = one is not None and two is not None and model.project == rival.project
    rows: Any = evaluations.flips(one, two) if both and one and two else []
    context = {
        "project": model.project,
        "model": model,
        "rival": rival,
        "card": cards.Card.of(model.card, rival.card),
        "same_data": _data(model) == _data(rival),
        "both": both,
        "shared": evaluations.shared(one, two) if both and one and two else 0,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "webapp/models/compare.html", context)


def _drawings(model: RewardModel, shown: Evaluation) -> dict[str, Any]:
    results = shown.results
    parts = results.get("breakdown") or {}
    numbers = {"metrics": {name: results.get(name) for name in ("steps", "value")}}
    return {
        "card": cards.Card.of(numbers, {}),
        "results": results,
        "cells": _cells(results.get("confusion") or {}),
        "parts": parts,
        "reliability": plots.reliability(parts.get("reliability") or []),
        "risk": plots.risk_coverage(cards.at(parts, "abstention", "curve") or []),
        "best_of_n": plots.best_of_n(results.get("best_of_n") or []),
        "learning": plots.learning(_learnt(model)),
        "linked": shown.steps.exists(),
    }


def _cells(counts: dict[str, dict[str, int]]) -> list[tuple[int, list[Cell]]]:
    rows = []
    for said in VERDICTS:
        row = counts.get(str(said), {})
        total = sum(row.values()) or 1
        cells = [
            Cell(said, guess, n, n / total)
            for guess in VERDICTS
            for n in [row.get(str(guess), 0)]
        ]
        rows.append((said, cells))
    return rows


def _learnt(model: RewardModel) -> list[tuple[int, float, str, str]]:
    """Labels against AUROC, of every model of the project whose card tells both."""
    points = []
    for other in model.project.reward_models.only("version", "card", "project_id"):
        counts = cards.record(other.card, "data", "counts", "train")
        auroc = cards.headline(other.card)[0]
        kinds = [counts.get(kind) for kind in ("wrong", "neutral", "right")]
        labelled = sum(n for n in kinds if isinstance(n, int))
        if labelled and isinstance(auroc, float):
            label = f"v{other.version}: {labelled} labelled steps, AUROC {auroc:.3f}"
            url = reverse("evaluation", args=[other.pk])
            points.append((labelled, auroc, label, url))
    return points


def _waiting(model: RewardModel) -> dict[str, Any]:
    """The job that makes the numbers, while it goes on."""
    job = model.audit_job
    open_job = job if job is not None and job.is_open else None
    return {"job": open_job, "progress": open_job and progress.of(open_job)}


def _others(model: RewardModel) -> list[RewardModel]:
    return list(model.project.reward_models.exclude(pk=model.pk)[:20])


def _data(model: RewardModel) -> Any:
    return cards.at(model.card, "data", "sha256")


def _shown(request: HttpRequest, model: RewardModel) -> Evaluation | None:
    """The evaluation asked for; the one on unseen tasks before any other."""
    asked = request.GET.get("on", "")
    if asked.isdecimal() and len(asked) < 19:
        return access.one(model.evaluations.all(), pk=int(asked))
    return evaluations.on_test(model) or model.evaluations.first()


def _verdict(request: HttpRequest, name: str) -> int | None:
    asked = request.GET.get(name, "")
    return int(asked) if asked in ("-1", "0", "1") else None


def _model(request: HttpRequest, pk: int) -> RewardModel:
    rows = access.reward_models(actor(request))
    return access.one(rows.select_related("project", "audit_job"), pk=pk)
