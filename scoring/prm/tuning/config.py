"""What the tiers `lora` and `full` may be told beyond what tier `head` is."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from scoring.errors import InvalidInput

# where `learning_rate` is 0; adapters start from nothing and stand larger steps
RATES: Mapping[str, float] = {"lora": 3e-4, "full": 3e-5}

_INTEGERS = {
    "epochs": (1, 1000),
    "batch_tokens": (1, 1 << 24),
    "micro_tokens": (1, 1 << 20),
    "lora_rank": (1, 1024),
    "keep_checkpoints": (1, 100),
}
_NUMBERS = {
    "learning_rate": (0.0, 1.0),
    "reader_rate": (0.0, 1.0),
    "warmup": (0.0, 1.0),
    "weight_decay": (0.0, 1.0),
    "max_grad_norm": (0.0, math.inf),
    "checkpoint_seconds": (0.0, math.inf),
}


@dataclass(frozen=True, slots=True)
class TuneConfig:
    """How the trunk is moved; JSON both ways.

    `epochs` over the training split; `learning_rate` of the trunk (0: RATES of the
    tier) and `reader_rate` of the read-out on it, both after a linear `warmup` (share
    of all steps) and falling linearly to 0; `batch_tokens` an optimiser step,
    `micro_tokens` a forward pass (halved when memory runs out); `lora_rank` r, with a
    scale of 2; AdamW's `weight_decay`; `max_grad_norm` clips (0: never); `precision`
    of the arithmetic (auto: bf16 where the hardware has it), weights stay float32;
    `gradient_checkpointing` trades time for memory; a checkpoint every
    `checkpoint_seconds` at most, of which the last `keep_checkpoints` stay.
    """

    epochs: int = 2
    learning_rate: float = 0.0
    reader_rate: float = 1e-3
    batch_tokens: int = 4096
    micro_tokens: int = 2048
    lora_rank: int = 16
    warmup: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    precision: Literal["auto", "bf16", "float32"] = "auto"
    gradient_checkpointing: bool = False
    checkpoint_seconds: float = 60.0
    keep_checkpoints: int = 2

    def __post_init__(self) -> None:
        for name, (least, most) in _INTEGERS.items():
            number = getattr(self, name)
            if type(number) is not int or not least <= number <= most:
                raise _wrong(name, f"expected a whole number from {least} to {most}")
        for name, (low, high) in _NUMBERS.items():
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise _wrong(name, "expected a number")
            if not low <= number <= high:
                raise _wrong(name, f"expected a number from {low:g} to {high:g}")
        if self.precision not in ("auto", "bf16", "float32"):
            raise _wrong("precision", "expected auto, bf16 or float32")
        if not isinstance(self.gradient_checkpointing, bool):
            raise _wrong("gradient_checkpointing", "expected true or false")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "TuneConfig":
        if not isinstance(data, Mapping):
            raise InvalidInput("expected an object", pointer="/tuning")
        unknown = sorted(set(data) - set(cls.__slots__))
        if unknown:
            raise _wrong(unknown[0], "unknown setting")
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def rate(self, tier: str) -> float:
        return self.learning_rate or RATES[tier]


def _wrong(name: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, pointer=f"/tuning/{name}")
