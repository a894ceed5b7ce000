"""The combined reward of one episode: every cell of every step, and their sum."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scoring.rewards.formulas import formulas
from webapp import access
from webapp.errors import AppError
from webapp.forms import ScoringForm
from webapp.models import Episode, Score
from webapp.services import reward_specs, scores
from webapp.views import charts, evidence
from webapp.views.context import actor, posted

ROWS = 500


@dataclass(frozen=True, slots=True)
class Cell:
    family: str
    value: float | None
    formula: str


@dataclass(frozen=True, slots=True)
class Row:
    """A step: its cells, their sum, and the sum of all cells so far."""

    step: dict[str, Any]
    cells: tuple[Cell, ...]
    reward: float
    so_far: float


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """One kept score of an episode, `?score=` or the newest; POST makes one."""
    rows = access.episodes(actor(request)).select_related("project__spec")
    episode = access.one(rows, pk=pk)
    form = ScoringForm(reward_specs.listing(), episode.project, posted(request))
    if request.method == "POST" and form.is_valid():
        return _scored(request, episode, form)
    kept = list(scores.kept(episode))
    score = _chosen(episode, kept, request.GET.get("score", ""))
    context: dict[str, Any] = {
        "project": episode.project,
        "episode": episode,
        "form": form,
        "kept": kept,
        "score": score,
    }
    if score is not None:
        context |= _shown(score)
        page = Paginator(context["rows"], ROWS).get_page(request.GET.get("page"))
        violations = score.body["gate"]["violations"]
        detected = score.body["families"]["social"].get("detectors", [])
        shown = evidence.of(episode, [*violations, *detected])
        context |= {
            "page": page,
            "evidence": shown[: len(violations)],
            "conduct": shown[len(violations) :],
        }
    status = 422 if form.errors else 200
    return render(request, "webapp/rewards/detail.html", context, status=status)


def _scored(request: HttpRequest, episode: Episode, form: ScoringForm) -> HttpResponse:
    model, spec = form.cleaned_data["model"], form.cleaned_data["spec"]
    try:
        score = scores.store(episode, model=model or "champion", spec=spec or None)
    except AppError as error:
        messages.error(request, error.detail)
        return redirect("reward", episode.pk)
    messages.success(request, _("The episode is scored."))
    answer = redirect("reward", episode.pk)
    answer["Location"] += f"?score={score.pk}"
    return answer


def _chosen(episode: Episode, kept: list[Score], wanted: str) -> Score | None:
    pk = next((row.pk for row in kept if str(row.pk) == wanted), None)
    if pk is None:
        return scores.latest(episode)
    return episode.scores.select_related("reward_model", "spec").get(pk=pk)


def _shown(score: Score) -> dict[str, Any]:
    rows = list(_rows(score))
    steps = [row.step["rewards"] for row in rows]
    titles = [{cell.family: cell.formula for cell in row.cells} for row in rows]
    so_far = [] if score.total is None else [row.so_far for row in rows]
    return {
        "rows": rows,
        "bars": charts.bars(steps, titles, so_far),
        "families": _families(score.body),
    }


def _rows(score: Score) -> Iterator[Row]:
    steps = score.body["steps"]
    sums = [sum(value or 0 for value in step["rewards"].values()) for step in steps]
    written = formulas(score.body, score.spec.to_spec())
    parts = zip(steps, written, sums, accumulate(sums), strict=True)
    for step, formula, reward, so_far in parts:
        cells = tuple(
            Cell(family, step["rewards"][family], formula.get(family, ""))
            for family in charts.COLUMNS
        )
        yield Row(step, cells, reward, so_far)


def _families(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of the table, in the order of the spec: name, raw and sum."""
    families = [
        {"name": name, **body["families"][name]} for name in charts.COLUMNS[:-1]
    ]
    penalty = body["gate"]["penalty"]
    return [*families, {"name": "gate", "raw": penalty, "weighted": penalty}]
