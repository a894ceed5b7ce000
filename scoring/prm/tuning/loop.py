"""The loop of tiers `lora` and `full`: a fixed schedule, whatever happens on the way.

Every batch of every epoch follows from data and seed alone, so a run that was stopped
goes on at its next batch and ends in the weights it would have had. Memory that runs
out halves the passes, not the batches; a loss that isn't finite skips its batch, then
goes back to the last checkpoint at half the rate, then gives up.
"""

import hashlib
import math
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from scoring.errors import (
    NotEnoughLabels,
    OutOfMemory,
    StorageFull,
    TrainingDiverged,
)
from scoring.prm.backbone import Trunk
from scoring.prm.config import Progress, TrainConfig
from scoring.prm.encode import encode
from scoring.prm.examples import Example
from scoring.prm.tuning.checkpoints import Checkpoints
from scoring.prm.tuning.learner import Learner, Micro
from scoring.prm.tuning.objective import Target, targets
from scoring.prm.tuning.packing import pack
from scoring.prm.tuning.weights import OwnTrunk, Weights

HALVINGS = 3
SKIPS = 3

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """The tokens of a window and what they should say; `task` names its task."""

    token_ids: tuple[int, ...]
    targets: Sequence[Target]
    task: str


@dataclass(frozen=True, slots=True)
class State:
    """Where a run is. `halvings` of the forward passes, `slowdowns` of the rate,
    batches `skipped` since the last of them; `tokens` and `seconds` spent so far."""

    step: int = 0
    halvings: int = 0
    slowdowns: int = 0
    skipped: int = 0
    tokens: int = 0
    seconds: float = 0.0


def tune(
    examples: Sequence[Example],
    trunk: Trunk,
    config: TrainConfig,
    directory: Path,
    report: Report,
) -> tuple[OwnTrunk, dict[str, Any]]:
    """Move the trunk on the training split: (a trunk of its own, what the card says).

    Checkpoints are kept under `directory`, which belongs to this data and config alone.

    Raises:
        NotEnoughLabels: no judged step fits into the context.
        OutOfMemory, TrainingDiverged, StorageFull: see scoring.errors.
        Cancelled: `report`, called at every pass, asked to stop.
    """
    lessons = list(_lessons(examples, trunk, config))
    if not lessons:
        raise NotEnoughLabels("no judged step fits into the context")
    run = _Run(lessons, trunk, config, directory, report)
    run.walk()
    weights = run.weights()
    return OwnTrunk(trunk, weights), {**run.told(), "weights": weights.sha256}


def schedule(
    lessons: Sequence[Lesson], epochs: int, batch_tokens: int, seed: int
) -> list[list[int]]:
    """The batches of all epochs: tasks in an order of their own each time, the episodes
    of a task side by side, so that what they share is encoded once."""
    batches = list[list[int]]()
    for epoch in range(epochs):
        held, batch = 0, list[int]()
        ranked = [(_rank(seed, epoch, x.task), i) for i, x in enumerate(lessons)]
        for _, index in sorted(ranked):
            batch.append(index)
            held += len(lessons[index].token_ids)
            if held >= batch_tokens:
                batches.append(batch)
                held, batch = 0, []
        if batch:
            batches.append(batch)
    return batches


class _Run:
    def __init__(
        self,
        lessons: Sequence[Lesson],
        trunk: Trunk,
        config: TrainConfig,
        directory: Path,
        report: Report,
    ) -> None:
        self._lessons, self._report = lessons, report
        self._config, self._tier = config.tuning, config.tier
        self._batches = schedule(
            lessons, self._config.epochs, self._config.batch_tokens, config.seed
        )
        self._total = sum(len(lessons[i].token_ids) for b in self._batches for i in b)
        self.learner = Learner(trunk, config.tier, self._config, config.seed)
        self._checkpoints = Checkpoints(directory, self._config.keep_checkpoints)
        self._state = State()
        self._loss: float | None = None
        self._saved = time.monotonic()

    def walk(self) -> None:
        found = self._restore()
        if self.learner.agreed(not found):
            self._save()
        while self._state.step < len(self._batches):
            self._advance()
            waited = time.monotonic() - self._saved
            if self.learner.agreed(waited >= self._config.checkpoint_seconds):
                self._save()
        self._save()
        self._tell(self._total)

    def weights(self) -> Weights:
        """Of the end, read from where `walk` has put it, in every process alike."""
        found = self._checkpoints.latest()
        if found is None:
            raise StorageFull("the last checkpoint can't be read back")
        return self.learner.weights(found[0])

    def told(self) -> dict[str, Any]:
        """For the card: what was done, how fast, and with how much memory."""
        seconds = self._state.seconds
        cuda = self.learner.device.startswith("cuda")
        host = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        return {
            **asdict(self._state),
            "loss": self._loss,
            "tokens_per_second": round(self._state.tokens / seconds) if seconds else 0,
            "parameters": self.learner.parameters,
            "precision": self.learner.precision,
            "device": self.learner.device,
            "processes": self.learner.world,
            "peak_mb": torch.cuda.max_memory_allocated() >> 20 if cuda else host,
        }

    def _advance(self) -> None:
        from accelerate.utils.memory import should_reduce_batch_size

        started = time.monotonic()
        try:
            loss, norm, tokens = self._gradients()
        except (RuntimeError, MemoryError) as error:
            if not (isinstance(error, MemoryError) or should_reduce_batch_size(error)):
                raise
            return self._shrink(error)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            return self._skip()
        self.learner.step(*self._rates())
        self._loss = loss
        self._state = replace(
            self._state,
            step=self._state.step + 1,
            tokens=self._state.tokens + tokens,
            seconds=self._state.seconds + time.monotonic() - started,
        )

    def _gradients(self) -> tuple[float, float, int]:
        """(loss, norm, tokens) of the batch at hand."""
        before = sum(map(self._length, self._batches[: self._state.step]))
        spent = 0

        def tick(tokens: int) -> None:
            nonlocal spent
            spent += tokens
            self._tell(before + min(spent, self._length(batch)))

        batch = self._batches[self._state.step]
        micros, share = list(self._micros(batch)), self._share(batch)
        loss, norm = self.learner.gradients(micros, share, tick)
        return loss, norm, sum(len(micro.row.token_ids) for micro in micros)

    def _micros(self, batch: Sequence[int]) -> Iterator[Micro]:
        sequences = [lesson.token_ids for lesson in self._lessons]
        limit = max(1, self._config.micro_tokens >> self._state.halvings)
        for row in pack(sequences, batch, limit):
            yield Micro(row, [self._lessons[i].targets for i in row.members])

    def _share(self, batch: Sequence[int]) -> dict[str, float]:
        """By head, one over the weight of its targets in the batch, however it is cut
        into passes; 0 where it has none."""
        total = dict[str, float]()
        for target in (t for i in batch for t in self._lessons[i].targets):
            total[target.head] = total.get(target.head, 0.0) + target.weight
        return {name: 1 / weight for name, weight in total.items()}

    def _rates(self) -> tuple[float, float]:
        steps, step = len(self._batches), self._state.step
        warm = max(1, round(self._config.warmup * steps))
        falling = (steps - step) / max(1, steps - warm)
        scale = min((step + 1) / warm, falling, 1.0) / 2**self._state.slowdowns
        return self._config.rate(self._tier) * scale, self._config.reader_rate * scale

    def _shrink(self, error: BaseException) -> None:
        self.learner.forget()
        # several processes would have to halve together
        if self._state.halvings == HALVINGS or self.learner.world > 1:
            raise OutOfMemory(
                "the device's memory can't hold even an eighth of a forward pass: "
                "choose fewer micro_tokens, gradient_checkpointing, or tier lora"
            ) from error
        self._state = replace(self._state, halvings=self._state.halvings + 1)

    def _skip(self) -> None:
        """A batch whose loss or gradient is not finite teaches nothing."""
        self.learner.forget()
        state = replace(self._state, skipped=self._state.skipped + 1)
        if state.skipped <= SKIPS:
            self._state = replace(state, step=state.step + 1)
            return
        if state.slowdowns:
            raise TrainingDiverged(
                "loss or gradient stayed infinite at half the learning rate as well"
            )
        self._restore()
        self._state = replace(self._state, slowdowns=1, skipped=0)

    def _restore(self) -> bool:
        found = self._checkpoints.latest()
        if found is None:
            return False
        tensors, state = found
        self.learner.restore(tensors)
        self._loss = state.pop("loss")
        self._state = State(**state)
        return True

    def _save(self) -> None:
        tensors = self.learner.save(fresh=self._state.step == 0)
        if self.learner.rank == 0:
            state = {**asdict(self._state), "loss": self._loss}
            self._checkpoints.save(self._state.step, tensors, state)
        self._saved = time.monotonic()
        self.learner.agreed(True)  # nobody looks for it before it is there

    def _length(self, batch: Sequence[int]) -> int:
        return sum(len(self._lessons[i].token_ids) for i in batch)

    def _tell(self, done: int) -> None:
        step = self._state.step
        progress = Progress("tuning", done, self._total, self._loss, step)
        if self.learner.rank == 0:
            self._report(progress)


def _lessons(
    examples: Sequence[Example], trunk: Trunk, config: TrainConfig
) -> Iterator[Lesson]:
    limit = min(config.max_tokens or trunk.context, trunk.context)
    for example in examples:
        if example.split == "train":
            encoded = encode(example.episode, trunk.tokenizer, limit)
            taught = targets(example, encoded)
            for window, found in zip(encoded.windows(), taught, strict=True):
                if found:
                    yield Lesson(window.token_ids, found, example.episode.group())


def _rank(seed: int, epoch: int, task: str) -> str:
    return hashlib.sha256(f"{seed}/{epoch}/{task}".encode()).hexdigest()
