"""Long work: seen while it runs, cancelled, its errors and files fetched."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from webapp import access, inert
from webapp.models import Job
from webapp.models.job import Kind
from webapp.models.project import Role
from webapp.services import exports, imports, model_exchange, scores, undos
from webapp.services import jobs as services
from webapp.views import progress
from webapp.views.context import actor, is_engineer, no_worker, signed_in


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    rows = project.jobs.select_related("created_by", "training_run")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    rows_with_progress = [(job, progress.of(job)) for job in page]
    context = {
        "project": project,
        "page": page,
        "rows": rows_with_progress,
        "any_open": any(job.is_open for job, _ in rows_with_progress),
    }
    return render(
        request, "webapp/jobs/list.html", context | {"no_worker": no_worker()}
    )


@require_safe
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    """The page, or for htmx only the part that changes while the job runs."""
    job = _job(request, pk)
    part = request.htmx  # type: ignore[attr-defined]
    elsewhere = _page_of(job)
    if elsewhere and not part:
        return redirect(elsewhere)
    context = {
        "project": job.project,
        "job": job,
        "progress": progress.of(job),
        # one that was cancelled has no result but what it had told
        "counts": job.result if "created" in job.result else job.progress,
        "no_worker": job.is_open and no_worker(),
        "may_undo": job.kind == Kind.IMPORT and is_engineer(request, job.project),
    }
    page = "webapp/jobs/_state.html" if part else "webapp/jobs/detail.html"
    return render(request, page, context)


def _page_of(job: Job) -> str | None:
    """Where else a job is told of, or what came of it."""
    if job.kind == Kind.TRAIN:
        return reverse("training-run", args=[job.training_run.pk])
    if job.kind == Kind.AUDIT:
        return reverse("model", args=[job.input["model"]])
    if job.kind == Kind.ADOPT and job.result:
        return reverse("model", args=[job.result["reward_model"]])
    if job.kind == Kind.EVALUATE and job.result:
        page = reverse("evaluation", args=[job.input["model"]])
        return f"{page}?on={job.result['evaluation']}"
    return None


@require_POST
def cancel(request: HttpRequest, pk: str) -> HttpResponse:
    job = _job(request, pk)
    services.cancel(job)
    messages.info(request, _("Stopping. What was done so far is kept."))
    return redirect("job", job.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: str) -> HttpResponse:
    """Say what undoing an import would delete; then do it."""
    job = _job(request, pk)
    access.require(actor(request), job.project, Role.ENGINEER)
    if request.method == "POST":
        return redirect("job", undos.start(job, user=signed_in(request)).pk)
    context = {"project": job.project, "job": job, "outlook": undos.outlook(job)}
    return render(request, "webapp/jobs/undo.html", context)


@require_safe
def errors(request: HttpRequest, pk: str) -> FileResponse | StreamingHttpResponse:
    """Every row that could not be read: JSON lines, or a table with `?as=csv`."""
    job = _job(request, pk)
    lines = inert.file(imports.errors_path(job), name="errors.jsonl")
    if request.GET.get("as") != "csv":
        return lines
    lines.close()
    table = StreamingHttpResponse(
        imports.errors_as_csv(job), content_type="text/csv; charset=utf-8"
    )
    table["Content-Disposition"] = 'attachment; filename="errors.csv"'
    return table


@require_safe
def download(request: HttpRequest, pk: str) -> FileResponse:
    job = _job(request, pk)
    if folder := model_exchange.folder_of(job):
        return inert.file(folder, name=f"{job.input['filename']}-transformers.zip")
    path = exports.file_of(job) or scores.file_of(job)
    return inert.file(path, name=f"{job.project.slug}.jsonl")


def _job(request: HttpRequest, pk: str) -> Job:
    rows = access.jobs(actor(request)).select_related("project", "created_by")
    return access.one(rows, pk=pk)
