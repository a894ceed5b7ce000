"""The rewards of a project at a glance; every number leads to its episodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webapp import access
from webapp.errors import Invalid
from webapp.forms import RewardedFilter
from webapp.models import Project, RewardModel, RewardSpec, Score
from webapp.services import reward_rows, reward_summary
from webapp.services.reward_rows import By
from webapp.services.reward_summary import Histogram
from webapp.views import charts
from webapp.views.context import actor

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """Scores to look at, as a query string names them."""

    spec: RewardSpec
    model: RewardModel | None
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Column:
    """One bar of a histogram in a drawing 200 wide and 60 high."""

    x: float
    y: float
    width: float
    height: float
    label: str
    query: str


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    by = _by(project, request)
    summary = reward_summary.recent(project, by)
    context = {
        "project": project,
        "by": by,
        "query": _query(by),
        "summary": summary,
        "choices": _choices(project, by),
        "histograms": [(h, _columns(h, by)) for h in summary.histograms],
        "policies": [(g, _query(by, g.where)) for g in summary.policies],
        "models": [(g, _query(by, g.where)) for g in summary.models],
        "names": reward_summary.COLUMNS,
        "matrix": _matrix(summary.correlations),
        "trend": charts.trend(summary.trend.points),
    }
    return render(request, "webapp/rewards/dashboard.html", context)


@require_safe
def episodes(request: HttpRequest, slug: str) -> HttpResponse:
    """The episodes behind a number of the dashboard, the best or the worst first."""
    project = access.project(actor(request), slug)
    by = _by(project, request)
    form = RewardedFilter(request.GET)
    rows = _filtered(reward_rows.of(project, by), by, form)
    page = Paginator(rows.select_related("episode"), PAGE_SIZE)
    context = {
        "project": project,
        "by": by,
        "query": _query(by),
        "form": form,
        "page": page.get_page(request.GET.get("page")),
        "families": charts.COLUMNS,
    }
    return render(request, "webapp/rewards/episodes.html", context)


def _by(project: Project, request: HttpRequest) -> By:
    given = (request.GET.get(name, "") for name in ("spec", "model"))
    try:
        return reward_rows.named(project, *given)
    except Invalid as error:
        raise Http404 from error


def _filtered(rows: QuerySet[Score], by: By, form: RewardedFilter) -> QuerySet[Score]:
    wanted = form.cleaned_data if form.is_valid() else {}
    span = reward_rows.spans(by.spec.to_spec()).get(wanted.get("column", ""))
    if span is not None and wanted.get("bin") is not None:
        rows = reward_rows.in_bin(rows, wanted["column"], wanted["bin"], span)
    if "agent" in form.data:
        rows = rows.filter(episode__agent=wanted.get("agent", ""))
    if "policy" in form.data:
        rows = rows.filter(episode__model=wanted.get("policy", ""))
    only = RewardedFilter.ONLY.get(wanted.get("only", ""))
    rows = rows if only is None else rows.filter(only)
    order = wanted.get("order") or "-total"
    return rows.order_by(order, "pk")


def _query(by: By, more: Mapping[str, Any] | None = None) -> str:
    model = f"v{by.model.version}" if by.model else "none"
    return urlencode({"spec": by.spec.sha256, "model": model, **(more or {})})


def _choices(project: Project, by: By) -> list[Choice]:
    pairs = reward_rows.found(project)
    specs = RewardSpec.objects.in_bulk({spec for spec, _ in pairs})
    models = project.reward_models.in_bulk()
    choices = []
    for (spec, model), count in pairs.items():
        one = By(specs[spec], models.get(model or 0))
        choices.append(Choice(one.spec, one.model, count, _query(one), one == by))
    return choices


def _columns(histogram: Histogram, by: By) -> list[Column]:
    most = max(histogram.counts) or 1
    width = 200 / len(histogram.counts)
    return [
        Column(
            x=i * width,
            y=60 - 56 * n / most,
            width=width * 0.9,
            height=56 * n / most,
            label=f"{histogram.edges[i]:.3g} … {histogram.edges[i + 1]:.3g}: {n}",
            query=_query(by, {"column": histogram.name, "bin": i}),
        )
        for i, n in enumerate(histogram.counts)
        if n
    ]


def _matrix(
    correlations: Mapping[tuple[str, str], float | None],
) -> list[tuple[str, list[float | None]]]:
    """Rows of a triangle: each name with its r to the ones before it."""
    names = list(dict.fromkeys(name for pair in correlations for name in pair))
    return [
        (name, [correlations[before, name] for before in names[:i]])
        for i, name in enumerate(names)
    ]
