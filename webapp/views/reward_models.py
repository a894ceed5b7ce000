"""Reward models: compared with what serves now, promoted, rolled back."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from webapp import access, inert
from webapp.errors import AppError
from webapp.forms import ModelFileForm
from webapp.models import RewardModel
from webapp.models.project import Role
from webapp.services import (
    audits,
    gates,
    model_archives,
    model_exchange,
    reward_models,
    uploads,
)
from webapp.views import cards, progress
from webapp.views.context import actor, is_engineer, no_worker, posted, signed_in


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
        **_audited(model),
    }
    return render(request, "webapp/models/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def audit(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that changes while an audit runs; POST starts one."""
    model = _model(request, pk)
    engineer = is_engineer(request, model.project)
    if request.method == "POST":
        access.require(actor(request), model.project, Role.ENGINEER)
        audits.request(model, user=signed_in(request))
        return redirect("model", model.pk)
    context = {"model": model, "is_engineer": engineer, **_audited(model)}
    return render(request, "webapp/models/_audit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: HttpRequest, slug: str) -> HttpResponse:
    """A model that was downloaded somewhere, as a candidate here."""
    project = access.project(actor(request), slug, Role.ENGINEER)
    form = ModelFileForm(posted(request), request.FILES or None)
    if form.is_valid():
        file, reading = form.cleaned_data["file"], form.cleaned_data["reading"]
        try:
            if reading:
                job = model_exchange.request_adoption(
                    project,
                    user=signed_in(request),
                    source=uploads.store(file),
                    name=file.name,
                    reading=reading,
                    separator=form.cleaned_data["separator"],
                )
                return redirect("job", job.pk)
            model = model_archives.unpack(
                project, file, user=signed_in(request), filename=file.name
            )
            return redirect("model", model.pk)
        except AppError as error:
            form.add_error("file", str(error))
    status = 422 if form.errors else 200
    context = {"project": project, "form": form}
    return render(request, "webapp/models/import.html", context, status=status)


@require_safe
def download(request: HttpRequest, pk: int) -> FileResponse:
    model = _model(request, pk)
    name = f"{model.project.slug}-v{model.version}.zip"
    return inert.stream(
        model_archives.pack(model), name=name, content_type="application/zip"
    )


@require_POST
def pack(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the model packed as a transformers folder; its job's page has the file."""
    model = _model(request, pk)
    access.require(actor(request), model.project, Role.ENGINEER)
    job = model_exchange.request_folder(model, user=signed_in(request))
    return redirect("job", job.pk)


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
        "objections": gates.objections(model),
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


def _audited(model: RewardModel) -> dict[str, Any]:
    job = model.audit_job
    return {
        "objections": gates.objections(model) if model.state != "champion" else [],
        "job": job,
        "progress": job and progress.of(job),
        "no_worker": job is not None and job.is_open and no_worker(),
    }


def _model(request: HttpRequest, pk: int) -> RewardModel:
    rows = access.reward_models(actor(request)).select_related(
        "project", "run__job", "run__snapshot", "audit_job", "parent"
    )
    return access.one(rows, pk=pk)


def _before(model: RewardModel) -> RewardModel | None:
    return model.project.reward_models.filter(version__lt=model.version).first()
