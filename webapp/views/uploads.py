"""Uploading: files are stored and looked at first; then they become import jobs."""

from dataclasses import replace
from typing import BinaryIO, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scoring.errors import ScoringError
from scoring.formats import FORMATS
from webapp import access
from webapp.errors import AppError
from webapp.forms import UploadForm
from webapp.models import Job, Project
from webapp.services import drafts, imports
from webapp.services.drafts import Draft
from webapp.views.context import actor, no_worker, posted, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """The page; with files, what they are; with drafts, their import."""
    project = access.project(actor(request), slug)
    if "draft" in request.POST:
        return _go_on(request, project)
    data = posted(request)
    # files alone would bind the form, even none of them
    form = UploadForm(data, None if data is None else request.FILES)
    if not form.is_valid():
        return _page(request, project, form, [])
    kept = [
        drafts.keep(
            project,
            cast(BinaryIO, file),
            filename=file.name or "",
            format=form.cleaned_data["format"],
        )
        for file in form.cleaned_data["files"]
    ]
    return _page(request, project, form, kept)


def _go_on(request: HttpRequest, project: Project) -> HttpResponse:
    """Look again at the drafts of a page, or import them."""
    tokens, formats = request.POST.getlist("draft"), request.POST.getlist("format")
    left: list[Draft] = []
    started: list[Job] = []
    for token, format in zip(tokens, formats, strict=False):
        if token == request.POST.get("drop"):
            continue
        try:
            if request.POST.get("do") == "import":
                started.append(_import(request, project, token, format))
            else:
                left.append(drafts.again(project, token, format=format))
        except (AppError, ScoringError) as error:
            left.append(_refused(project, token, format, str(error)))
    if not started:
        return _page(request, project, UploadForm(), left)
    return _watch(request, project, started, left)


def _watch(
    request: HttpRequest, project: Project, started: list[Job], left: list[Draft]
) -> HttpResponse:
    for draft in left:
        messages.error(request, f"{draft.filename}: {draft.problem}")
    if len(started) == 1:
        return redirect("job", started[0].pk)
    message = _("%(n)d of %(all)d files are being imported.")
    count = {"n": len(started), "all": len(started) + len(left)}
    messages.success(request, message % count)
    return redirect("jobs", project.slug)


def _import(request: HttpRequest, project: Project, token: str, format: str) -> Job:
    stored, filename = drafts.find(project, token)
    return imports.start(
        project,
        user=signed_in(request),
        upload=stored,
        filename=filename,
        format=format or None,
    )


def _refused(project: Project, token: str, format: str, problem: str) -> Draft:
    try:
        draft = drafts.again(project, token, format=format)
        return replace(draft, preview=None, problem=problem)
    except AppError:
        return Draft(_("an upload"), problem=problem)


def _page(
    request: HttpRequest, project: Project, form: UploadForm, rows: list[Draft]
) -> HttpResponse:
    context = {
        "project": project,
        "form": form,
        "drafts": rows,
        "formats": FORMATS,
        "no_worker": no_worker(),
    }
    nothing_good = rows and not any(draft.preview for draft in rows)
    status = 422 if form.errors or nothing_good else 200
    return render(request, "webapp/episodes/upload.html", context, status=status)
