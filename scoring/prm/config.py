"""What a training may be told, and what it tells while it runs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from scoring.errors import InvalidInput
from scoring.prm.tuning.config import TuneConfig

Tier = Literal["head", "lora", "full"]
Phase = Literal["tuning", "features", "heads", "calibration", "evaluation"]


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything a training may be told; JSON both ways.

    `epochs`: the most passes over the data of each descent, `members` = K, `rank` = r,
    the directions kept of the trunk's states, `max_tokens` the longest
    input (0: the trunk's context), `threads` of torch (0: as they are). `tier`: only
    the heads, or before them the trunk too, through adapters or in full, as `tuning`
    says. `hard_negatives`: the weight of the steps of planted runs beside a person's
    verdict (augment.py; 0: none are planted).
    """

    tier: Tier = "head"
    seed: int = 0
    epochs: int = 100
    members: int = 5
    rank: int = 256
    max_tokens: int = 0
    threads: int = 0
    hard_negatives: float = 0.0
    tuning: TuneConfig = field(default_factory=TuneConfig)

    def __post_init__(self) -> None:
        if self.tier not in get_args(Tier):
            raise InvalidInput(f"unknown tier {self.tier!r}", pointer="/tier")
        for name in ("seed", "epochs", "members", "rank", "max_tokens", "threads"):
            least = 1 if name in ("epochs", "members", "rank") else 0
            number = getattr(self, name)
            if type(number) is not int or not least <= number < 2**31:
                raise InvalidInput(
                    f"expected a number from {least}", pointer=f"/{name}"
                )

        weight = self.hard_negatives
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise InvalidInput("expected a number", pointer="/hard_negatives")
        if not 0 <= weight <= 1:
            raise InvalidInput("expected a weight up to 1", pointer="/hard_negatives")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TrainConfig":
        unknown = sorted(set(data) - set(cls.__slots__))
        if unknown:
            raise InvalidInput("unknown setting", pointer=f"/{unknown[0]}")
        tuning = TuneConfig.from_dict(data.get("tuning", {}))
        return cls(**{**data, "tuning": tuning})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a phase is: tokens of tuning and features, epochs of heads, episodes of
    the rest. `epoch` counts within a descent of `head`."""

    phase: Phase
    done: int
    total: int
    loss: float | None = None
    epoch: int | None = None
    head: str = ""
