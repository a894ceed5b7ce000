"""The numbers of the admin's first page, each with the rows it was counted from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Min, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from scoring.rewards import FAMILIES
from webapp.models import Episode, Job, LabelEvent, Project, RewardModel, Score
from webapp.models.job import State
from webapp.models.label_event import Axis
from webapp.models.reward_model import ModelState
from webapp.services import health

DAYS = 14
# a weighted family lies in [-1, 1] whatever the spec
BINS = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, the model whose rows it counts and the filter that lists them."""

    value: Any
    model: str
    where: Mapping[str, Any] = field(default_factory=dict)


def numbers(project: Project | None = None) -> dict[str, Any]:
    """Every number of the dashboard, of one project or of all; the queries don't grow
    in number with the rows."""
    scope = {} if project is None else {"project": project.pk}
    events = LabelEvent.objects.filter(**scope)
    standing = {"is_latest": True, "axis": Axis.VERDICT, "value__isnull": False}
    labels = events.filter(**standing)
    jobs = Job.objects.filter(**scope)
    return {
        "episodes": _count(Episode.objects.filter(**scope), scope),
        "labels": Figure(labels.count(), "labelevent", {**scope, **standing}),
        "labels_per_day": list(_per_day(events, scope)),
        "labels_per_person": list(_per_person(events, scope)),
        "label_mix": list(_mix(labels, scope)),
        "jobs": list(_by_state(jobs, scope)),
        "oldest_job": jobs.open().aggregate(since=Min("created_at"))["since"],
        "parts": health.status(),
        "champions": _champions(scope),
        "scores": _distributions(scope),
    }


def _count(rows: QuerySet[Any], where: Mapping[str, Any]) -> Figure:
    return Figure(rows.count(), rows.model._meta.model_name or "", where)


def _per_day(
    events: QuerySet[LabelEvent], scope: dict[str, Any]
) -> Iterator[tuple[Any, Figure]]:
    since = timezone.now() - timedelta(days=DAYS)
    days = events.filter(created_at__gte=since).annotate(day=TruncDate("created_at"))
    for row in days.order_by("day").values("day").annotate(n=Count("pk")):
        where = {**scope, "created_at__date": row["day"]}
        yield row["day"], Figure(row["n"], "labelevent", where)


def _per_person(
    events: QuerySet[LabelEvent], scope: dict[str, Any]
) -> Iterator[tuple[str, Figure]]:
    people = events.order_by().values("user", "user__username").annotate(n=Count("pk"))
    for row in people.order_by("-n")[:20]:
        where = {**scope, "user": row["user"]}
        yield row["user__username"], Figure(row["n"], "labelevent", where)


def _mix(
    labels: QuerySet[LabelEvent], scope: dict[str, Any]
) -> Iterator[tuple[Any, Figure]]:
    for row in labels.order_by().values("value").annotate(n=Count("pk")):
        where = {**scope, "axis": Axis.VERDICT, "value": row["value"]}
        yield row["value"], Figure(row["n"], "labelevent", where)


def _by_state(
    jobs: QuerySet[Job], scope: dict[str, Any]
) -> Iterator[tuple[str, Figure]]:
    counts = jobs.aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in State.values}
    )
    for state in State.values:
        yield state, Figure(counts[state], "job", {**scope, "state": state})


def _champions(scope: dict[str, Any]) -> list[RewardModel]:
    champions = RewardModel.objects.filter(state=ModelState.CHAMPION, **scope)
    return list(champions.select_related("project"))


def _distributions(scope: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Mean and histogram of each family over the scores; one query."""
    rows = Score.objects.filter(**{f"episode__{k}": v for k, v in scope.items()})
    edges = [2 * i / BINS - 1 for i in range(BINS + 1)]
    asked: dict[str, Any] = {}
    for name in FAMILIES:
        asked[f"{name}_mean"] = Avg(name)
        for i, low in enumerate(edges[:-1]):
            last = i == BINS - 1
            inside = Q(**{f"{name}__gte": low}) & (
                Q() if last else Q(**{f"{name}__lt": edges[i + 1]})
            )
            asked[f"{name}_{i}"] = Count("pk", filter=inside)
    found = rows.aggregate(**asked)
    return {
        name: {
            "mean": found[f"{name}_mean"],
            "edges": edges,
            "counts": [found[f"{name}_{i}"] for i in range(BINS)],
        }
        for name in FAMILIES
    }
