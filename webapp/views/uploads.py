"""Uploading: every file becomes an import job."""

from typing import BinaryIO, cast

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scoring.errors import ScoringError
from webapp import access
from webapp.errors import AppError
from webapp.forms import UploadForm
from webapp.models import Job, Project
from webapp.services import imports, uploads
from webapp.views.context import actor, no_worker, posted, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    data = posted(request)
    # files alone would bind the form, even none of them
    form = UploadForm(data, None if data is None else request.FILES)
    if form.is_valid():
        jobs = _start(request, project, form)
        if len(jobs) == 1:
            return redirect("job", jobs[0].pk)
        if jobs:
            return redirect("jobs", project.slug)
    context = {"project": project, "form": form, "no_worker": no_worker()}
    status = 422 if form.errors else 200
    return render(request, "webapp/episodes/upload.html", context, status=status)


def _start(request: HttpRequest, project: Project, form: UploadForm) -> list[Job]:
    """Import what can be imported: one refused file doesn't hold up the others."""
    started, files = [], form.cleaned_data["files"]
    for file in files:
        try:
            started.append(_import(request, project, file, form.cleaned_data["format"]))
        except (AppError, ScoringError) as error:
            form.add_error("files", f"{file.name}: {error}")
    for problem in form.errors.get("files", []) if started else []:
        messages.error(request, str(problem))
    if started:
        message = _("%(n)d of %(all)d files are being imported.")
        messages.success(request, message % {"n": len(started), "all": len(files)})
    return started


def _import(
    request: HttpRequest, project: Project, file: "UploadedFile[bytes]", format: str
) -> Job:
    return imports.start(
        project,
        user=signed_in(request),
        upload=uploads.store(cast(BinaryIO, file)),
        filename=file.name or "",
        format=format or None,
    )
