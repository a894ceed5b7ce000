"""Reward specs: what each promises, new versions, what changed, which one is used."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from scoring import rewards
from scoring.errors import InvalidSpec
from scoring.rewards import texts
from webapp import access
from webapp.errors import AppError, Invalid
from webapp.forms import SpecEdits, SpecForm
from webapp.models import RewardSpec
from webapp.models.project import Role
from webapp.services import reward_specs, scores
from webapp.views.context import actor, is_engineer, posted, signed_in
from webapp.views.promises import Promises


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    rows = reward_specs.listing().select_related("created_by")
    context = {
        "project": project,
        "specs": [(row, Promises.of(row.to_spec())) for row in rows],
        "families": rewards.FAMILIES,
    }
    return render(request, "webapp/specs/list.html", context)


@require_safe
def detail(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    project = access.project(actor(request), slug)
    row = _spec(name)
    spec = row.to_spec()
    context = {
        "project": project,
        "row": row,
        "promises": Promises.of(spec),
        "text": texts.write(spec),
        "others": reward_specs.listing().exclude(pk=row.pk),
        "is_active": project.spec == row,
        "lost": spec.lost(),
        "is_engineer": is_engineer(request, project),
        "scored": scores.coverage(project, row),
    }
    return render(request, "webapp/specs/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, slug: str) -> HttpResponse:
    """A new version; `check` (and htmx, while somebody types) only computes what it
    would promise."""
    project = access.project(actor(request), slug, Role.ENGINEER)
    form = SpecForm(posted(request))
    is_check = bool(request.htmx) or "check" in request.POST  # type: ignore[attr-defined]
    if form.is_valid() and form.spec and not is_check:
        try:
            row = reward_specs.create(form.spec, user=signed_in(request))
            messages.success(request, _("%(spec)s is stored.") % {"spec": row})
            return redirect("spec", project.slug, str(row))
        except (AppError, InvalidSpec) as error:
            form.add_error("text", error.detail)
    base = _spec(request.GET.get("from", str(project.spec)))
    draft = form.spec or SpecEdits(request.GET).applied(
        reward_specs.successor(base, project)
    )
    if not form.is_bound:
        form = SpecForm(initial={"text": texts.write(draft)})
    context = {
        "project": project,
        "form": form,
        "base": base,
        "promises": None if form.errors else Promises.of(draft),
        "changes": None if form.errors else rewards.changes(base.to_spec(), draft),
    }
    part = request.htmx  # type: ignore[attr-defined]
    page = "webapp/specs/_check.html" if part else "webapp/specs/new.html"
    status = 422 if form.errors and not part else 200
    return render(request, page, context, status=status)


@require_safe
def diff(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """What differs from the spec named by `?with=`."""
    project = access.project(actor(request), slug)
    old, new = _spec(request.GET.get("with", str(project.spec))), _spec(name)
    before, after = old.to_spec(), new.to_spec()
    context = {
        "project": project,
        "old": old,
        "new": new,
        "changes": rewards.changes(before, after),
        "promises": Promises.of(after).beside(Promises.of(before)),
    }
    return render(request, "webapp/specs/diff.html", context)


@require_POST
def activate(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    project = access.project(actor(request), slug, Role.ENGINEER)
    row = _spec(name)
    override = request.POST.get("override", "")
    try:
        reward_specs.activate(row, project, user=signed_in(request), override=override)
        told = _("%(spec)s is what this project scores by now.") % {"spec": row}
        messages.success(request, told)
    except Invalid as error:
        messages.error(request, error.detail)
    return redirect("spec", project.slug, str(row))


@require_POST
def score(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Score every stored episode under a spec, as a job."""
    project = access.project(actor(request), slug, Role.ENGINEER)
    job = scores.start(project, user=signed_in(request), spec=_spec(name).sha256)
    return redirect("job", job.pk)


def _spec(name: str) -> RewardSpec:
    try:
        return reward_specs.find(name)
    except Invalid as error:
        raise Http404 from error
