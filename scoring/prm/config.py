"""What a training may be told, and what it tells while it runs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from scoring.errors import InvalidInput

Phase = Literal["features", "heads", "calibration", "evaluation"]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything a training may be told; JSON both ways.

    `epochs`: the most passes over the data of each descent, `members` = K, `rank` = r,
    the directions kept of the trunk's states, `max_tokens` the longest
    input (0: the trunk's context), `threads` of torch (0: as they are).
    """

    tier: Literal["head"] = "head"
    seed: int = 0
    epochs: int = 100
    members: int = 5
    rank: int = 256
    max_tokens: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        if self.tier != "head":
            raise InvalidInput(f"unknown tier {self.tier!r}", pointer="/tier")
        for name in ("seed", "epochs", "members", "rank", "max_tokens", "threads"):
            least = 1 if name in ("epochs", "members", "rank") else 0
            number = getattr(self, name)
            if type(number) is not int or not least <= number < 2**31:
                raise InvalidInput(
                    f"expected a number from {least}", pointer=f"/{name}"
                )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TrainConfig":
        unknown = sorted(set(data) - set(cls.__slots__))
        if unknown:
            raise InvalidInput("unknown setting", pointer=f"/{unknown[0]}")
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is: tokens of features, epochs of heads, episodes of the rest."""

    phase: Phase
    done: int
    total: int
    loss: float | None = None
    epoch: int | None = None
