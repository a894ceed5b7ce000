"""Reward models: found by name, promoted, rolled back."""

import re
from typing import Any

import redis
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from webapp import jobs
from webapp.errors import Conflict, Invalid
from webapp.models import Project, RewardModel
from webapp.models.job import Kind
from webapp.models.reward_model import ModelState
from webapp.recent import Promise, Recent, announce, edition
from webapp.services import gates, model_files
from webapp.services import jobs as job_service

_VERSION = re.compile(r"v?([0-9]{1,7})")
_HASH = re.compile(r"[0-9a-f]{8,64}")
_serving: Recent[RewardModel] = Recent()
# as of when this process last asked
_editions: Recent[str] = Recent()


def champion(project: Project) -> RewardModel | None:
    return project.reward_models.filter(state=ModelState.CHAMPION).first()


def serving(project: Project) -> RewardModel | None:
    """The champion, for those who ask many times a second and only read: found a moment
    ago and not replaced since, by whichever process."""
    name = _name(project.pk)
    try:
        key = name, edition(name)
    except redis.RedisError:
        return champion(project)
    return _serving.get(key, lambda: champion(project))


def served_lately(project: Project) -> tuple[RewardModel, Promise] | None:
    """Who served a moment ago, without asking anybody, and the promise that they still
    do; None where nobody did, or nobody can tell."""
    name = _name(project.pk)
    try:
        known = _editions.get(name, lambda: edition(name)) or ""
    except redis.RedisError:
        return None
    model = _serving.get((name, known), lambda: champion(project))
    return None if model is None else (model, Promise(name, known))


def look_again(project: Project) -> None:
    """Another one has been promoted."""
    _editions.forget(_name(project.pk))


def find(project: Project, name: str) -> RewardModel:
    """The model called "champion", "v3", "3" or by the first 8 or more characters of
    its sha256.

    Raises:
        Invalid: there is none, or more than one.
    """
    found = _named(project, name)
    if found is None and name == "champion":
        raise Invalid("no model serves this project yet: train one and promote it")
    if found is None:
        raise Invalid(f"there is no reward model {name[:80]!r}")
    return found


@transaction.atomic
def add(
    project: Project,
    *,
    sha256: str,
    card: dict[str, Any],
    origin: dict[str, Any] | None = None,
) -> RewardModel:
    """A new candidate, under the project's next version."""
    # two that arrive at once must not both be the next one
    Project.objects.select_for_update().get(pk=project.pk)
    last = project.reward_models.aggregate(last=Max("version"))["last"] or 0
    return RewardModel.objects.create(
        project=project,
        version=last + 1,
        sha256=sha256,
        card=card,
        origin=origin or {},
        parent=champion(project),
    )


def promote(
    model: RewardModel, *, user: User | None, override: str = ""
) -> RewardModel:
    """Make a model the champion once its files are seen to be whole; the one before is
    retired, the scorer warmed and the stored episodes scored anew.

    What stands in its way (`gates`) needs a reason to `override` it, which is kept on
    its row.

    Raises:
        Invalid: the files are missing or aren't what was trained.
        Blocked: something stands in the way and no reason was given.
        Conflict: somebody promoted another one at the same moment.
    """
    model_files.verify(model)
    if model.state == ModelState.CHAMPION:
        return model
    model.override = gates.answered(model, user, override.strip())
    model.promoted_at = timezone.now()
    return _crown(model, user)


def roll_back(project: Project, *, user: User | None) -> RewardModel:
    """Bring back the champion before this one; again, the one before that.

    Raises:
        Invalid: there was none, or its files are gone.
        Conflict: somebody promoted another one at the same moment.
    """
    now = champion(project)
    earlier = project.reward_models.filter(state=ModelState.RETIRED)
    if now is not None:
        earlier = earlier.filter(promoted_at__lt=now.promoted_at)
    before = earlier.order_by("-promoted_at").first()
    if before is None:
        raise Invalid("there is no earlier champion to go back to")
    model_files.verify(before)
    return _crown(before, user)


def _crown(model: RewardModel, user: User | None) -> RewardModel:
    of_project = RewardModel.objects.filter(project_id=model.project_id)
    try:
        with transaction.atomic():
            of_project.filter(state=ModelState.CHAMPION).update(
                state=ModelState.RETIRED
            )
            of_project.filter(pk=model.pk).update(
                state=ModelState.CHAMPION,
                promoted_at=model.promoted_at,
                override=model.override,
            )
            announce(_name(model.project_id))
            jobs.warm(model.sha256)
            _rescore(model, user)
    except IntegrityError as error:
        raise Conflict("another model was promoted at the same moment") from error
    model.refresh_from_db()
    return model


def _name(project_pk: int) -> str:
    return f"champion:{project_pk}"


def _rescore(model: RewardModel, user: User | None) -> None:
    """Score the stored episodes anew; nobody waits for those of an earlier champion."""
    data = {"model": model.pk, "spec": model.project.spec.sha256, "crowned": True}
    for job in model.project.jobs.open().filter(kind=Kind.SCORE):
        if job.input.get("crowned"):
            job_service.cancel(job)
    job_service.create(model.project, kind=Kind.SCORE, user=user, data=data)


def _named(project: Project, name: str) -> RewardModel | None:
    if name == "champion":
        return champion(project)
    if version := _VERSION.fullmatch(name):
        return project.reward_models.filter(version=int(version[1])).first()
    if not _HASH.fullmatch(name):
        return None
    alike = project.reward_models.filter(sha256__startswith=name)[:2]
    if len({model.sha256 for model in alike}) > 1:
        raise Invalid(f"{name} is the beginning of more than one model's hash")
    return alike[0] if alike else None
