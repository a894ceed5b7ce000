"""The combined reward of one episode: every cell of every step, and their sum."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webapp import access
from webapp.errors import AppError
from webapp.services import scores
from webapp.views import charts
from webapp.views.context import actor

ROWS = 500


@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, pk: str) -> HttpResponse:
    rows = access.episodes(actor(request)).select_related("project__spec")
    episode = access.one(rows, pk=pk)
    if request.method == "POST":
        try:
            scores.store(episode)
            messages.success(request, _("The episode is scored."))
        except AppError as error:
            messages.error(request, error.detail)
        return redirect("reward", episode.pk)
    score = scores.latest(episode)
    context: dict[str, Any] = {
        "project": episode.project,
        "episode": episode,
        "score": score,
    }
    if score is not None:
        steps = score.body["steps"]
        context["page"] = Paginator(steps, ROWS).get_page(request.GET.get("page"))
        context["bars"] = charts.bars([step["rewards"] for step in steps])
        context["families"] = _families(score.body)
    return render(request, "webapp/rewards/detail.html", context)


def _families(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The columns of the table, in the order of the spec: name, raw and sum."""
    families = [
        {"name": name, **body["families"][name]} for name in charts.COLUMNS[:-1]
    ]
    penalty = body["gate"]["penalty"]
    return [*families, {"name": "gate", "raw": penalty, "weighted": penalty}]
