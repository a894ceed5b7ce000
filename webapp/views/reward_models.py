"""Reward models: compared with what serves now, promoted, rolled back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from webapp import access
from webapp.models import RewardModel
from webapp.models.project import Role
from webapp.services import reward_models
from webapp.views import cards
from webapp.views.context import actor, is_engineer, signed_in


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    rows = project.reward_models.select_related("run")
    models = [(model, cards.headline(model.card)) for model in rows]
    context = {
        "project": project,
        "models": models,
        "columns": cards.HEADLINE,
        "is_engineer": is_engineer(request, project),
        "can_roll_back": any(model.state == "retired" for model, _ in models),
    }
    return render(request, "webapp/models/list.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    model = _model(request, pk)
    champion = reward_models.champion(model.project)
    other = champion if champion != model else _before(model)
    context = {
        "project": model.project,
        "model": model,
        "other": other,
        "is_engineer": is_engineer(request, model.project),
        "card": cards.Card.of(model.card, other.card if other else {}),
    }
    return render(request, "webapp/models/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def promote(request: HttpRequest, pk: int) -> HttpResponse:
    model = _model(request, pk)
    access.require(actor(request), model.project, Role.ENGINEER)
    if request.method == "POST":
        reason = request.POST.get("override", "")
        reward_models.promote(model, user=signed_in(request), override=reason)
        messages.success(request, _("%(model)s serves now.") % {"model": model})
        return redirect("model", model.pk)
    context = {
        "project": model.project,
        "model": model,
        "champion": reward_models.champion(model.project),
    }
    return render(request, "webapp/models/promote.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def roll_back(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug, Role.ENGINEER)
    if request.method == "POST":
        model = reward_models.roll_back(project, user=signed_in(request))
        messages.success(request, _("%(model)s serves again.") % {"model": model})
        return redirect("model", model.pk)
    context = {"project": project, "champion": reward_models.champion(project)}
    return render(request, "webapp/models/roll_back.html", context)


def _model(request: HttpRequest, pk: int) -> RewardModel:
    rows = access.reward_models(actor(request)).select_related("project", "run__job")
    return access.one(rows, pk=pk)


def _before(model: RewardModel) -> RewardModel | None:
    return model.project.reward_models.filter(version__lt=model.version).first()
