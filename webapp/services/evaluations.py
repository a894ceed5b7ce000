"""Evaluations: a reward model's numbers on labelled runs, and the steps behind them."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from webapp.models import EvaluatedStep, Evaluation, Job, Project, RewardModel, Step
from webapp.models.evaluation import TEST
from webapp.models.job import Kind
from webapp.services import jobs
from webapp.services.uploads import Upload

BATCH = 1_000
SOURCE = 120


class Said(NamedTuple):
    """What a model said of a judged step of a stored run."""

    episode_id: uuid.UUID
    place: int
    verdict: int
    predicted: int
    q: float
    q_std: float | None


def request(
    model: RewardModel, *, user: User | None, upload: Upload, name: str, format: str
) -> Job:
    """Queue an evaluation on a stored file of labelled runs; `format` may be empty."""
    data = {
        "model": model.pk,
        "file": upload.sha256,
        "name": name[:SOURCE],
        "format": format,
    }
    return jobs.create(model.project, kind=Kind.EVALUATE, user=user, data=data)


@transaction.atomic
def keep(
    model: RewardModel,
    *,
    source: str,
    data_sha256: str,
    results: Mapping[str, Any],
    said: Sequence[Said],
) -> Evaluation:
    """Store an evaluation; the same model on the same data again replaces it."""
    evaluation, _ = Evaluation.objects.update_or_create(
        reward_model=model,
        data_sha256=data_sha256,
        defaults={"source": source[:SOURCE], "results": dict(results)},
    )
    evaluation.steps.all().delete()
    ids = _step_ids({row.episode_id for row in said})
    rows = [
        EvaluatedStep(
            evaluation=evaluation,
            step_id=ids[row.episode_id, row.place],
            verdict=row.verdict,
            predicted=row.predicted,
            q=row.q,
            q_std=row.q_std,
        )
        for row in said
        if (row.episode_id, row.place) in ids
    ]
    EvaluatedStep.objects.bulk_create(rows, batch_size=BATCH)
    return evaluation


def on_test(model: RewardModel) -> Evaluation | None:
    """The model on the tasks of its snapshot that it was not trained on."""
    return model.evaluations.filter(source=TEST).first()


def stored(project: Project, content_hashes: Sequence[str]) -> dict[str, uuid.UUID]:
    """Which of some runs the project holds: content hash -> episode."""
    found: dict[str, uuid.UUID] = {}
    for start in range(0, len(content_hashes), BATCH):
        some = content_hashes[start : start + BATCH]
        rows = project.episodes.filter(content_hash__in=some)
        found |= dict(rows.values_list("content_hash", "pk"))
    return found


def steps(
    evaluation: Evaluation,
    *,
    verdict: int | None = None,
    predicted: int | None = None,
) -> QuerySet[EvaluatedStep]:
    """Its steps, of one cell of the confusion matrix where both are named; those the
    model was most wrong about first."""
    rows = evaluation.steps.select_related("step__episode")
    if verdict is not None:
        rows = rows.filter(verdict=verdict)
    if predicted is not None:
        rows = rows.filter(predicted=predicted)
    return rows.order_by("-q" if verdict == -1 else "q", "pk")


def flips(one: Evaluation, other: Evaluation) -> QuerySet[EvaluatedStep]:
    """The steps of `one` that `other` judged too, and otherwise; each with `theirs`,
    `their_q`. The largest change of q first."""
    theirs = other.steps.filter(step=OuterRef("step"))
    rows = one.steps.select_related("step__episode").annotate(
        theirs=Subquery(theirs.values("predicted")[:1]),
        their_q=Subquery(theirs.values("q")[:1]),
    )
    changed = rows.filter(~Q(predicted=F("theirs")), theirs__isnull=False)
    return changed.annotate(moved=F("q") - F("their_q")).order_by("moved", "pk")


def shared(one: Evaluation, other: Evaluation) -> int:
    """How many steps both were measured on."""
    return one.steps.filter(step__in=other.steps.values("step")).count()


def _step_ids(episode_ids: set[uuid.UUID]) -> dict[tuple[uuid.UUID, int], int]:
    ids, found = sorted(episode_ids), dict[tuple[uuid.UUID, int], int]()
    for start in range(0, len(ids), BATCH):
        rows = Step.objects.filter(episode_id__in=ids[start : start + BATCH])
        for pk, episode_id, index in rows.values_list("pk", "episode_id", "index"):
            found[episode_id, index] = pk
    return found
