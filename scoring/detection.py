"""What a social head says of an episode's steps, and which words made it say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

# what annotators are asked of an agent's conduct; each head gives P(bad)
AXES = ("harm", "rude", "privacy")


@dataclass(frozen=True, slots=True)
class Detection:
    """`probability` in [0, 1] that the step is bad; `start` and `end` count characters
    of the text at the RFC 6901 `pointer` into the episode, all three None where no
    words stand for it."""

    probability: float
    pointer: str | None = None
    start: int | None = None
    end: int | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        return {
            "probability": self.probability,
            "pointer": self.pointer,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Detector:
    """One axis of one episode: a detection a step, None where the step wasn't read.

    From the probability `bar` on the head was right nine times in ten on tasks it had
    not seen; None where it never was, and then its word may charge nobody.
    """

    steps: tuple[Detection | None, ...]
    bar: float | None = None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of to_dict; the data is our own, so nothing is checked."""
        steps = (step and Detection.from_dict(step) for step in data["steps"])
        return cls(tuple(steps), data["bar"])

    def to_dict(self) -> dict[str, Any]:
        return {
            "steps": [step and step.to_dict() for step in self.steps],
            "bar": self.bar,
        }

    @property
    def worst(self) -> int | None:
        """The first step of the highest probability, None where nothing was read."""
        read = [t for t, step in enumerate(self.steps) if step]
        return max(read, key=self.probability, default=None)

    def probability(self, step: int) -> float:
        """P(bad) of a step, 0 where it wasn't read."""
        found = self.steps[step]
        return found.probability if found else 0.0
