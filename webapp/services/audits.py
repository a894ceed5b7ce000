"""Audits: a reward model tried on runs of tasks it was not trained on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from scoring import schema
from scoring.audit import Check, Judged, Predict, audit
from scoring.rewards import Spec
from webapp.models import Job, RewardModel, RewardSpec, Snapshot
from webapp.models.job import Kind
from webapp.services import jobs, snapshots

RUNS = 100

# told how many runs are to be asked about in all
Plan = Callable[[int], object]


@transaction.atomic
def request(
    model: RewardModel, *, user: User | None, spec: RewardSpec | None = None
) -> Job:
    """Queue an audit under a spec (the project's own by default). While one is under
    way, that one is meant."""
    if model.audit_job is not None and model.audit_job.is_open:
        return model.audit_job
    data = {"model": model.pk, "spec": (spec or model.project.spec).pk}
    job = jobs.create(model.project, kind=Kind.AUDIT, user=user, data=data)
    model.audit_job = job
    model.save(update_fields=["audit_job"])
    return job


def run(
    model: RewardModel, *, spec: RewardSpec, predict: Predict, plan: Plan
) -> list[Check]:
    """Audit a model under a spec on the test side of the labels it was made from, and
    keep the result on its row.

    Raises:
        NotEnoughLabels: a model that came without a run, in a project without labels.
        Invalid: episodes of its snapshot were deleted since.
        ModelMismatch: the model left runs unread.
    """
    runs = list(islice(_unseen(snapshot_of(model)), RUNS))
    plan(questions(runs, spec.to_spec()))
    checks = audit(runs, predict, spec.to_spec())
    model.audit = {
        "spec": {"id": str(spec), "sha256": spec.sha256},
        "at": timezone.now().isoformat(),
        "runs": len(runs),
        "checks": [check.to_dict() for check in checks],
    }
    model.save(update_fields=["audit"])
    return checks


def questions(runs: Sequence[Judged], spec: Spec) -> int:
    """How many runs an audit asks about: found out by one that never asks."""
    asked = 0

    def shrug(episodes: Sequence[schema.Episode]) -> list[schema.Prediction]:
        nonlocal asked
        asked += len(episodes)
        return [_nothing(episode) for episode in episodes]

    audit(runs, shrug, spec)
    return asked


def snapshot_of(model: RewardModel) -> Snapshot:
    """Its own; for a model that came from elsewhere, the labels as they stand.

    Raises: NotEnoughLabels.
    """
    if hasattr(model, "run"):
        return model.run.snapshot
    return snapshots.take(model.project, user=None)


def _unseen(snapshot: Snapshot) -> Iterator[Judged]:
    for row in snapshots.examples(snapshot):
        if row.split == "test":
            yield Judged(_with_outcome(row.episode, row.success), row.verdicts)


def _with_outcome(episode: schema.Episode, success: bool | None) -> schema.Episode:
    """The run with what people said of its outcome."""
    if success is None:
        return episode
    outcome = replace(episode.outcome, success=success, score=None)
    return replace(episode, outcome=outcome)


def _nothing(episode: schema.Episode) -> schema.Prediction:
    half = (0.5,) * len(episode.steps)
    return schema.Prediction(half, half, (None,) * len(half), half, tokens=1)
