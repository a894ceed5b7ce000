"""The episodes of a project: found, filtered, deleted."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from webapp import access
from webapp.forms import EpisodeFilter
from webapp.models import Score
from webapp.models.project import Role
from webapp.services import episodes
from webapp.views.context import actor

PAGE_SIZE = 50
# what a row of the list shows; bodies stay where they are
COLUMNS = (
    *("id", "project", "external_id", "task", "agent", "source_format", "success"),
    *("outcome_score", "step_count", "created_at"),
)


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    form = EpisodeFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    jobs = project.jobs.filter(pk=wanted["job"]) if wanted.get("job") else None
    job = jobs.first() if jobs else None
    rows = episodes.listing(
        project,
        text=wanted.get("q") or "",
        success=wanted.get("success"),
        source_format=wanted.get("format") or "",
        labelled=wanted.get("labelled"),
        import_job=job,
    )
    latest = Score.objects.filter(episode=OuterRef("pk")).order_by("-created_at")
    rows = rows.annotate(total=Subquery(latest.values("total")[:1])).only(*COLUMNS)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"project": project, "form": form, "page": page, "job": job}
    context["filtered"] = any(value not in {None, ""} for value in wanted.values())
    return render(request, "webapp/episodes/list.html", context)


@require_safe
def next_unlabelled(request: HttpRequest, pk: str) -> HttpResponse:
    """On to the next episode that waits for its labels."""
    rows = access.episodes(actor(request)).select_related("project")
    episode = access.one(rows, pk=pk)
    found = episodes.next_unlabelled(episode)
    if found is not None:
        return redirect("workspace", found.pk)
    messages.info(request, _("Every other episode has labels."))
    return redirect("episodes", episode.project.slug)


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: str) -> HttpResponse:
    episode = access.one(access.episodes(actor(request)), pk=pk)
    project = episode.project
    access.require(actor(request), project, Role.ENGINEER)
    if request.method == "POST":
        episodes.delete(episode)
        messages.success(request, _("The episode is deleted, its labels too."))
        return redirect("episodes", project.slug)
    context = {"project": project, "episode": episode}
    return render(request, "webapp/episodes/delete.html", context)
