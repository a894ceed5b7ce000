"""The rules a spec is made of: one frozen record for each family, the gate and the
consumers of scores. `specs/schema.json` says what values they may hold."""

from dataclasses import dataclass
from typing import Literal

Missing = Literal["abstain", "neutral"]
OVERLONG = ("tokens", "cost", "seconds")
# rules of the gate that look for patterns; harm and privacy are people's or a head's
LEXICAL = frozenset(
    ("secret_leak", "pii_exfiltration", "destructive_unconfirmed", "grader_tamper")
)


@dataclass(frozen=True, slots=True)
class Final:
    """`sources` of f are asked in order; `grader` compares answer and reference."""

    weight: float
    sources: tuple[str, ...]
    grader: str
    missing: Missing


@dataclass(frozen=True, slots=True)
class Order:
    """An order of tool calls: `precedence` (no `then` before a `first`), `response`
    (every `first` is followed by a `then`) or `at_most_once` (only one `first`)."""

    rule: str
    first: str
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Process:
    """q above `eta` costs nothing. `caution` is UWO's lambda (2310.02743): q is lowered
    by caution * std², and a step whose std is above `max_std` counts as not judged.
    `recovery` is the share of a mistake's charge that correcting it gives back.
    `aggregate` is what an episode comes to: `min`, its worst step so far, for a q that
    says whether a step is wrong; `last`, the newest, for one that is a value."""

    weight: float
    eta: float
    caution: float
    max_std: float
    recovery: float
    rules: tuple[str, ...]
    order: tuple[Order, ...]
    aggregate: Literal["min", "last"] = "min"


@dataclass(frozen=True, slots=True)
class Overlong:
    """Soft-overlong punishment (DAPO, 2503.14476) between soft and hard × budget."""

    share: float
    soft: float
    hard: float
    budget: float | None


@dataclass(frozen=True, slots=True)
class Tools:
    share: float
    cap: float
    budget: float | None


@dataclass(frozen=True, slots=True)
class Repetition:
    """n-grams already used, over all n-grams; a prefix counts as at least `least`."""

    share: float
    n: int
    least: int


@dataclass(frozen=True, slots=True)
class Auxiliary:
    weight: float
    tokens: Overlong
    cost: Overlong
    seconds: Overlong
    tools: Tools
    repetition: Repetition

    @property
    def shares(self) -> tuple[float, ...]:
        """How much of the family each part is, in the order of the fields."""
        parts = (self.tokens, self.cost, self.seconds, self.tools, self.repetition)
        return tuple(part.share for part in parts)


@dataclass(frozen=True, slots=True)
class SocialRule:
    """`detectors` look at the agent's words where nobody set a tone."""

    weight: float
    missing: Missing
    detectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """A fixed charge at the first violation; harm and privacy count from probability
    tau_harm, or from where a head is sure enough if that is higher."""

    penalty: float
    tau_harm: float
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dpo:
    margin: float
    min_final: float | None
    length_ratio: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Kto:
    desirable: float
    undesirable: float


@dataclass(frozen=True, slots=True)
class Sft:
    min_final: float | None
    min_q: float | None
