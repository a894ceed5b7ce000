"""Training: what there is to learn from, starting a run, watching it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from scoring.errors import ScoringError
from webapp import access
from webapp.errors import AppError
from webapp.forms import TIERS, TrainingForm
from webapp.models import TrainingRun
from webapp.models.project import Role
from webapp.services import overview, snapshots, training
from webapp.views import charts, plots, progress
from webapp.views.context import actor, is_engineer, no_worker, posted, signed_in

# of a project's runs, what its page lists
RECENT = 50
WORDS = {
    "tier": _("What is trained"),
    "seed": _("Seed"),
    "epochs": _("Epochs of a descent, at most"),
    "members": _("Members that vote"),
    "rank": _("Directions kept of the states"),
    "max_tokens": _("Longest input, tokens (0: the backbone’s own)"),
    "threads": _("Threads (0: as they are)"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    form = TrainingForm(posted(request))
    if form.is_valid():
        access.require(actor(request), project, Role.ENGINEER)
        try:
            # what was left empty the trainer decides
            config = {k: v for k, v in form.cleaned_data.items() if v not in (None, "")}
            run = training.start(project, user=signed_in(request), config=config)
            return redirect("training-run", run.pk)
        except (AppError, ScoringError) as error:
            form.add_error(None, str(error))
    runs = project.training_runs.select_related("job", "reward_model", "snapshot")
    context = {
        "project": project,
        "form": form,
        "labels": overview.label_counts(project),
        "least_tasks": snapshots.LEAST_TASKS,
        "is_engineer": is_engineer(request, project),
        "runs": [(run, progress.of(run.job)) for run in runs[:RECENT]],
        "no_worker": no_worker(),
    }
    status = 422 if form.errors else 200
    return render(request, "webapp/training/list.html", context, status=status)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The run's page, or for htmx only the part that changes while it runs."""
    rows = access.training_runs(actor(request))
    run = access.one(
        rows.select_related("job", "project", "snapshot", "reward_model__audit_job"),
        pk=pk,
    )
    context = {
        "project": run.project,
        "run": run,
        "job": run.job,
        "progress": progress.of(run.job),
        "plots": _plots(run),
        "chart": None if run.descents else charts.loss(run.curve),
        "settings": _in_words(run.config),
        "no_worker": run.job.is_open and no_worker(),
    }
    part = request.htmx  # type: ignore[attr-defined]
    page = "webapp/training/_state.html" if part else "webapp/training/detail.html"
    return render(request, page, context)


def _plots(run: TrainingRun) -> list[tuple[str, plots.Plot]]:
    drawn = [(head, plots.descents(rows)) for head, rows in run.descents.items()]
    return [(head, plot) for head, plot in drawn if plot is not None]


def _in_words(config: dict[str, Any]) -> list[tuple[str, Any]]:
    """Every setting of a run with what it means; one without words keeps its name."""
    rows = [(str(WORDS.get(name, name)), value) for name, value in config.items()]
    return [(words, TIERS.get(str(value), value)) for words, value in rows]
