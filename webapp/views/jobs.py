"""Long work: seen while it runs, cancelled, its errors and files fetched."""

from pathlib import Path

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from webapp import access
from webapp.models import Job
from webapp.models.job import Kind
from webapp.services import exports, imports, scores
from webapp.services import jobs as services
from webapp.views import progress
from webapp.views.context import actor, no_worker


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    rows = project.jobs.select_related("created_by", "training_run")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    rows_with_progress = [(job, progress.of(job)) for job in page]
    context = {"project": project, "page": page, "rows": rows_with_progress}
    return render(
        request, "webapp/jobs/list.html", context | {"no_worker": no_worker()}
    )


@require_safe
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """The page, or for htmx only the part that changes while the job runs."""
    job = _job(request, pk)
    if job.kind == Kind.TRAIN and not request.htmx:  # type: ignore[attr-defined]
        return redirect("training-run", job.training_run.pk)
    context = {
        "project": job.project,
        "job": job,
        "progress": progress.of(job),
        "no_worker": job.is_open and no_worker(),
    }
    part = request.htmx  # type: ignore[attr-defined]
    page = "webapp/jobs/_state.html" if part else "webapp/jobs/detail.html"
    return render(request, page, context)


@require_POST
def cancel(request: HttpRequest, pk: str) -> HttpResponse:
    job = _job(request, pk)
    services.cancel(job)
    messages.info(request, _("Stopping. What was done so far is kept."))
    return redirect("job", job.pk)


@require_safe
def errors(request: HttpRequest, pk: str) -> FileResponse:
    return _file(imports.errors_path(_job(request, pk)), "errors.jsonl")


@require_safe
def download(request: HttpRequest, pk: str) -> FileResponse:
    job = _job(request, pk)
    path = exports.file_of(job) or scores.file_of(job)
    return _file(path, f"{job.project.slug}.jsonl")


def _job(request: HttpRequest, pk: str) -> Job:
    rows = access.jobs(actor(request)).select_related("project", "created_by")
    return access.one(rows, pk=pk)


def _file(path: Path | None, name: str) -> FileResponse:
    if path is None or not path.exists():
        raise Http404
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
