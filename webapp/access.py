"""The only doors to a row on somebody's behalf. What they may not see does not exist.

An actor is a user, with or without an API token: a token narrows them to one project.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model, QuerySet
from django.http import Http404

from webapp.models import (
    ApiToken,
    Episode,
    Job,
    Membership,
    Project,
    RewardModel,
    Score,
    ScoringSession,
    Snapshot,
    TrainingRun,
)
from webapp.models.project import Role

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Actor:
    user: AbstractBaseUser | AnonymousUser
    token: ApiToken | None = None

    @property
    def user_id(self) -> int:
        # 0 is nobody's; NULL would match projects that have no member at all
        return self.user.pk or 0


def projects(actor: Actor) -> QuerySet[Project]:
    mine = Project.objects.filter(membership__user_id=actor.user_id)
    return mine.filter(pk=actor.token.project_id) if actor.token else mine


def project(actor: Actor, slug: str, role: str = Role.ANNOTATOR) -> Project:
    """Raises: Http404 when the project is not the actor's or asks for a higher role."""
    # one query: a trainer's every request comes by here
    rows = Membership.objects.filter(user_id=actor.user_id, project__slug=slug)
    if actor.token:
        rows = rows.filter(project_id=actor.token.project_id)
    member = rows.select_related("project__spec").first()
    if member is None or not member.may(role):
        raise Http404
    return member.project


def require(actor: Actor, within: Project, role: str) -> Membership:
    member = Membership.objects.filter(project=within, user_id=actor.user_id).first()
    if member is None or not member.may(role):
        raise Http404
    return member


def episodes(actor: Actor) -> QuerySet[Episode]:
    return _of_projects(Episode.objects.all(), actor)


def jobs(actor: Actor) -> QuerySet[Job]:
    return _of_projects(Job.objects.all(), actor)


def snapshots(actor: Actor) -> QuerySet[Snapshot]:
    return _of_projects(Snapshot.objects.all(), actor)


def training_runs(actor: Actor) -> QuerySet[TrainingRun]:
    return _of_projects(TrainingRun.objects.all(), actor)


def reward_models(actor: Actor) -> QuerySet[RewardModel]:
    return _of_projects(RewardModel.objects.all(), actor)


def scores(actor: Actor) -> QuerySet[Score]:
    return Score.objects.filter(episode__project__in=projects(actor))


def sessions(actor: Actor) -> QuerySet[ScoringSession]:
    return _of_projects(ScoringSession.objects.all(), actor)


def one(rows: QuerySet[M], **lookup: Any) -> M:
    """Raises: Http404 when no row the actor can see fits."""
    found = rows.filter(**lookup).first()
    if found is None:
        raise Http404
    return found


def _of_projects(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    return rows.filter(project__in=projects(actor))
