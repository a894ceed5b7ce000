"""Where each project stands, and what to do next in it."""

from dataclasses import dataclass

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from webapp.models import Episode, LabelEvent, Project, RewardModel
from webapp.models.label_event import Axis
from webapp.models.reward_model import ModelState

# below this a model has too little to learn from to be worth a first try
WORTH_TRAINING = 50


@dataclass(frozen=True, slots=True)
class Overview:
    """`next` names the thing to do: upload, label, train, promote or continue;
    `is_unlabelled` says that episodes wait for their first label."""

    project: Project
    episodes: int
    labelled_steps: int
    champion: int | None
    newest_model: int | None
    is_unlabelled: bool

    @property
    def next(self) -> str:
        if not self.episodes:
            return "upload"
        if self.labelled_steps < WORTH_TRAINING:
            return "label"
        if self.newest_model is None:
            return "train"
        return "continue" if self.champion == self.newest_model else "promote"


def of(projects: QuerySet[Project]) -> list[Overview]:
    """One query, however many projects there are."""
    rows = projects.annotate(
        episode_count=_count(Episode.objects.all()),
        label_count=_count(_verdicts(), distinct="step"),
        champion=_newest_model(Q(state=ModelState.CHAMPION)),
        newest_model=_newest_model(Q()),
        is_unlabelled=Exists(_unlabelled()),
    )
    return [
        Overview(
            project=row,
            episodes=row.episode_count,
            labelled_steps=row.label_count,
            champion=row.champion,
            newest_model=row.newest_model,
            is_unlabelled=row.is_unlabelled,
        )
        for row in rows
    ]


def _unlabelled() -> QuerySet[Episode]:
    judged = _verdicts().filter(episode=OuterRef("pk"))
    return Episode.objects.filter(~Exists(judged), project=OuterRef("pk"))


def _verdicts() -> QuerySet[LabelEvent]:
    judged = LabelEvent.objects.filter(axis=Axis.VERDICT, is_latest=True)
    return judged.exclude(value=None)


def _count(rows: QuerySet, *, distinct: str = "pk") -> Coalesce:  # type: ignore[type-arg]
    counted = (
        rows.filter(project=OuterRef("pk"))
        .order_by()
        .values("project")
        .annotate(n=Count(distinct, distinct=distinct != "pk"))
    )
    return Coalesce(Subquery(counted.values("n")), 0)


def _newest_model(condition: Q) -> Subquery:
    models = RewardModel.objects.filter(condition, project=OuterRef("pk")).order_by()
    newest = models.values("project").annotate(newest=Max("version"))
    return Subquery(newest.values("newest"))


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """Distinct steps by verdict, all the steps judged, and the tasks they belong to."""

    verdicts: dict[str, int]
    steps: int
    tasks: int


def label_counts(project: Project) -> LabelCounts:
    judged = _verdicts().filter(project=project).order_by()
    by_value = judged.values("value").annotate(n=Count("step", distinct=True))
    whole = judged.aggregate(
        steps=Count("step", distinct=True), tasks=Count("episode__group", distinct=True)
    )
    return LabelCounts(
        verdicts={str(row["value"]): row["n"] for row in by_value},
        steps=whole["steps"],
        tasks=whole["tasks"],
    )
