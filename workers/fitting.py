"""A training run's work: the snapshot's examples in, a candidate model out."""

import time
from typing import Any, cast

from django.conf import settings

from scoring.prm.config import Progress, TrainConfig
from scoring.prm.examples import Provenance
from scoring.prm.train import Example, train
from webapp.models import Job, TrainingRun
from webapp.services import snapshots, training
from webapp.services.snapshots import Labelled
from workers import trunk

# a row a second is as live as anybody can read
REPORT_SECONDS = 1.0


def fit(job: Job) -> dict[str, Any]:
    """Train the job's run; repeated after a crash, it goes on where it was.

    Raises:
        NotEnoughLabels, ModelMismatch, Invalid: as what it calls.
        Cancelled: on request, or when another worker has taken the job over.
    """
    run = TrainingRun.objects.select_related("snapshot").get(job=job)
    # writes are fenced by the attempt this process was started for
    run.job = job
    if run.reward_model is None:
        examples = [as_example(row) for row in snapshots.examples(run.snapshot)]
        config = TrainConfig.from_dict(run.config)
        trained = train(
            examples, trunk.load(), config, settings.DATA_DIR, Teller(run).tell
        )
        training.finish(run, sha256=trained.sha256, card=trained.card)
    return {"reward_model": run.reward_model_id}


def as_example(row: Labelled) -> Example:
    """As a training reads it: doubtful labels teach less (see `Consensus.weights`)."""
    return Example(
        row.episode,
        row.verdicts,
        row.success,
        row.split,
        row.weights,
        row.social,
        provenance=cast(Provenance, row.provenance.value),
    )


class Descents:
    """The losses of every descent of a training, head by head: an epoch that doesn't
    come after the one before begins another."""

    def __init__(self) -> None:
        self.by_head: dict[str, list[list[float]]] = {}
        self._epoch = 0

    def add(self, progress: Progress) -> None:
        if not progress.head or progress.loss is None or progress.epoch is None:
            return
        losses = self.by_head.setdefault(progress.head, [])
        if not losses or progress.epoch <= self._epoch:
            losses.append([])
        self._epoch = progress.epoch
        losses[-1].append(round(progress.loss, 5))


class Teller:
    """Passes a training's frequent reports on to its row, about one a second."""

    def __init__(self, run: TrainingRun) -> None:
        self._run = run
        self._phase = ""
        self._descents = Descents()
        self._began = self._told = 0.0
        self._loss: tuple[int, float] | None = None

    def tell(self, progress: Progress) -> None:
        """Raises: Cancelled."""
        now = time.monotonic()
        self._descents.add(progress)
        if progress.loss is not None:
            self._loss = progress.done, progress.loss
        if progress.phase != self._phase:
            self._phase, self._began, self._told = progress.phase, now, 0.0
        if now - self._told < REPORT_SECONDS and progress.done < progress.total:
            return
        self._told = now
        # most reports bring no loss: the last that did speaks since we told last
        epoch, loss = self._loss or (None, None)
        self._loss = None
        training.record_progress(
            self._run,
            phase=progress.phase,
            done=progress.done,
            total=progress.total,
            # epochs of all heads in a row, one curve
            epoch=epoch,
            loss=loss,
            eta=self._left(progress, now),
        )

        if self._descents.by_head:
            training.record_descents(self._run, self._descents.by_head)

    def _left(self, progress: Progress, now: float) -> float | None:
        """Seconds left in this phase, at its pace so far."""
        if not progress.done:
            return None
        pace = (now - self._began) / progress.done
        return round(pace * (progress.total - progress.done), 1)
