"""Training runs: started, reported on while a worker trains, ended with a model."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from scoring.errors import Cancelled, InvalidInput
from webapp.errors import Conflict
from webapp.models import Project, RewardModel, Snapshot, TrainingRun
from webapp.models.job import Kind
from webapp.services import audits, jobs, reward_models, snapshots

TIERS = ("head", "lora", "full")
NUMBERS = {
    "seed": (0, 2**31 - 1),
    "epochs": (1, 1_000),
    "members": (1, 50),
    "rank": (1, 4_096),
    "max_tokens": (0, 2**20),
}


@transaction.atomic
def start(
    project: Project,
    *,
    user: User | None,
    config: dict[str, Any] | None = None,
    snapshot: Snapshot | None = None,
    key: str | None = None,
) -> TrainingRun:
    """Queue a training on a snapshot (by default of the labels as they stand). The same
    key again is the same run.

    Raises:
        NotEnoughLabels: too few to train on; nothing is queued.
        InvalidInput: a configuration that isn't known.
        Conflict: the key stands for another request.
    """
    config = _checked(config or {})
    if key and (before := _started(project, key)):
        # labels may have changed since: the run asked for is the one that started
        if before.config != config or snapshot not in (None, before.snapshot):
            raise Conflict("this idempotency key stands for another request")
        return before
    snapshot = snapshot or snapshots.take(project, user=user, seed=config["seed"])
    data = {"snapshot": snapshot.sha256, "config": config}
    job = jobs.create(project, kind=Kind.TRAIN, user=user, data=data, key=key)
    run, _ = TrainingRun.objects.get_or_create(
        job=job, defaults={"project": project, "snapshot": snapshot, "config": config}
    )
    return run


def record_progress(
    run: TrainingRun,
    *,
    phase: str,
    done: int = 0,
    total: int = 0,
    epoch: int | None = None,
    loss: float | None = None,
    validation_loss: float | None = None,
    eta: float | None = None,
) -> None:
    """Show how far the run is; `eta` in seconds. An epoch reported again (after a
    resume) replaces what the curve said of it.

    Raises:
        Cancelled: somebody asked it to stop, or another worker has taken it over.
    """
    told = {"epoch": epoch, "loss": loss, "eta": eta}
    known = {name: value for name, value in told.items() if value is not None}
    jobs.report(run.job, phase=phase, done=done, total=total, **known)
    if epoch is not None and loss is not None:
        earlier = [point for point in run.curve if point[0] < epoch]
        run.curve = [*earlier, [epoch, loss, validation_loss]]
        run.save(update_fields=["curve"])


def record_descents(run: TrainingRun, descents: dict[str, list[list[float]]]) -> None:
    """Keep the losses of every descent so far, epoch by epoch, head by head."""
    run.descents = descents
    run.save(update_fields=["descents"])


@transaction.atomic
def finish(run: TrainingRun, *, sha256: str, card: dict[str, Any]) -> RewardModel:
    """The model a run made, as a candidate whose audit is queued. Finishing twice makes
    one model and one audit.

    Raises:
        Cancelled: another worker has taken the run over.
    """
    # the lease is renewed first: this locks the row, so that only its holder goes on
    if not run.job.write():
        raise Cancelled("another worker has taken this job over")
    run.refresh_from_db(fields=["reward_model"])
    if run.reward_model is not None:
        return run.reward_model
    run.reward_model = reward_models.add(run.project, sha256=sha256, card=card)
    run.save(update_fields=["reward_model"])
    audits.request(run.reward_model, user=run.job.created_by)
    return run.reward_model


def _started(project: Project, key: str) -> TrainingRun | None:
    return TrainingRun.objects.filter(
        project=project, job__idempotency_key=key, job__project=project
    ).first()


def _checked(config: dict[str, Any]) -> dict[str, Any]:
    """The settings with a tier and a seed; the trainer has defaults for the rest."""
    config = {"tier": "head", "seed": 0, **config}
    if config["tier"] not in TIERS:
        names = ", ".join(TIERS)
        raise InvalidInput(f"expected one of {names}", pointer="/config/tier")
    weight = config.get("hard_negatives", 0)
    if type(weight) not in (int, float) or not 0 <= weight <= 1:
        at = "/config/hard_negatives"
        raise InvalidInput("expected a weight from 0 to 1", pointer=at)
    for name in config.keys() - {"tier", "hard_negatives"}:
        least, most = NUMBERS.get(name, (1, 0))
        number = config[name]
        if type(number) is not int or not least <= number <= most:
            expected = f"a number from {least} to {most}"
            detail = f"expected {expected}" if name in NUMBERS else "unknown setting"
            raise InvalidInput(detail, pointer=f"/config/{name[:80]}")
    return config
