"""The first page: each project with the one thing to do next."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from webapp import access
from webapp.errors import AppError
from webapp.forms import ProjectForm
from webapp.services import overview, projects
from webapp.views.context import actor, posted, signed_in


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    cards = overview.of(access.projects(actor(request)))
    return render(request, "webapp/home/home.html", {"cards": cards})


@require_http_methods(["GET", "HEAD", "POST"])
def create_project(request: HttpRequest) -> HttpResponse:
    form = ProjectForm(posted(request))
    if form.is_valid():
        try:
            project = projects.create(
                form.cleaned_data["name"], owner=signed_in(request)
            )
            return redirect("episodes", project.slug)
        except AppError as error:
            form.add_error("name", error.detail)
    status = 422 if form.errors else 200
    return render(
        request, "webapp/home/new_project.html", {"form": form}, status=status
    )


@require_safe
@login_not_required
def favicon(request: HttpRequest) -> HttpResponse:
    """Where browsers look that read no `<link>`: JSON, a download, the API's pages."""
    return redirect(staticfiles_storage.url("webapp/icon.svg"))
