"""Exports: labelled episodes as files trainers read, made by a job."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from webapp import access
from webapp.forms import ExportForm
from webapp.models.job import Kind
from webapp.models.project import Role
from webapp.services import exports
from webapp.views.context import actor, is_engineer, no_worker, posted, signed_in

RECENT = 50


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    form = ExportForm(posted(request))
    if form.is_valid():
        access.require(actor(request), project, Role.ENGINEER)
        exports.start(project, user=signed_in(request), **form.cleaned_data)
        return redirect("exports", project.slug)
    jobs = project.jobs.filter(kind=Kind.EXPORT).select_related("created_by")[:RECENT]
    context = {
        "project": project,
        "form": form,
        "jobs": jobs,
        "any_open": any(job.is_open for job in jobs),
        "is_engineer": is_engineer(request, project),
        "no_worker": no_worker(),
    }
    part = request.htmx  # type: ignore[attr-defined]
    page = "webapp/exports/_rows.html" if part else "webapp/exports/list.html"
    return render(request, page, context, status=422 if form.errors else 200)
