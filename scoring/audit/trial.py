"""The runs of an audit as the model sees them, and edited runs to compare them with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring import rewards
from scoring.rewards import Spec
from scoring.schema import Episode, Prediction

Predict = Callable[[Sequence[Episode]], Sequence[Prediction]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A run and one verdict (or None) a step."""

    episode: Episode
    verdicts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """A run, what the model says of it and its Score."""

    episode: Episode
    prediction: Prediction
    score: Mapping[str, Any]
    verdicts: tuple[int | None, ...] = ()

    @property
    def total(self) -> float | None:
        total: float | None = self.score["total"]
        return total

    @property
    def success(self) -> bool | None:
        """None where nobody knows, or it is partial."""
        value = self.episode.outcome.value
        return bool(value) if value in (0.0, 1.0) else None


@dataclass(frozen=True, slots=True)
class Trial:
    """`runs` are all of them, `sample` those worth editing: spread over the runs."""

    runs: Sequence[Scored]
    sample: Sequence[Scored]
    predict: Predict
    spec: Spec

    @classmethod
    def of(
        cls, runs: Sequence[Judged], predict: Predict, spec: Spec, sample: int
    ) -> "Trial":
        said = predict([run.episode for run in runs]) if runs else []
        scored = [
            _scored(run.episode, prediction, spec, run.verdicts)
            for run, prediction in zip(runs, said, strict=True)
        ]
        every = max(1, -(-len(scored) // sample))
        return cls(scored, scored[::every], predict, spec)

    def again(self, episodes: Sequence[Episode]) -> list[Scored]:
        """Edited runs, asked about anew."""
        said = self.predict(episodes) if episodes else []
        return [
            _scored(episode, prediction, self.spec)
            for episode, prediction in zip(episodes, said, strict=True)
        ]


def _scored(
    episode: Episode,
    prediction: Prediction,
    spec: Spec,
    verdicts: tuple[int | None, ...] = (),
) -> Scored:
    score = rewards.score(episode, prediction, spec)
    return Scored(episode, prediction, score, verdicts)
