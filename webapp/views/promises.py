"""What a spec promises, ready to be shown: its numbers, and its ranges as drawings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from scoring.rewards import FAMILIES, Margin, Spec

# a drawing beside a column
LEFT, RIGHT, ROW = 80.0, 460.0, 30.0


@dataclass(frozen=True, slots=True)
class Number:
    """`kept` says whether it holds what it promises, None where it promises nothing;
    `before` is that of the spec beside it."""

    name: str
    value: float | None
    kept: bool | None = None
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high` in units of reward, `x` and `width` in the drawing."""

    name: str
    ink: str
    low: float
    high: float
    x: float
    width: float
    y: float

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass(frozen=True, slots=True)
class Promises:
    weights: dict[str, float]
    numbers: tuple[Number, ...]
    ranges: tuple[Range, ...]
    zero: float
    warnings: tuple[str, ...]
    sha256: str

    @classmethod
    def of(cls, spec: Spec) -> "Promises":
        margin = spec.margin()
        ranges = _ranges(margin)
        return cls(
            weights=dict(zip(FAMILIES, spec.weights, strict=True)),
            numbers=_numbers(margin, spec),
            ranges=ranges,
            zero=_across(0.0, margin),
            warnings=tuple(spec.lint()),
            sha256=spec.sha256,
        )

    def beside(self, other: "Promises") -> "Promises":
        """The same with another spec's numbers as those before."""
        pairs = zip(self.numbers, other.numbers, strict=True)
        return replace(
            self, numbers=tuple(replace(n, before=was.value) for n, was in pairs)
        )

    @property
    def dominance(self) -> Number:
        return self.numbers[0]

    @property
    def separation(self) -> Number:
        return self.numbers[1]


def _numbers(margin: Margin, spec: Spec) -> tuple[Number, ...]:
    final = spec.final.weight > 0
    return (
        Number(
            _("dominance: the worst success above the best failure"),
            margin.dominance if final else None,
            margin.dominance > 0 if final else None,
        ),
        Number(
            _("separation: the worst safe run above the best unsafe one"),
            margin.separation,
            margin.separation > 0,
        ),
        Number(_("worst success"), margin.worst_success if final else None),
        Number(_("best failure"), margin.best_failure if final else None),
        Number(_("difference in a partial outcome that decides"), margin.final_gap),
        Number(_("penalty of the gate"), spec.gate.penalty),
        Number(_("η, the q from which a step costs nothing"), spec.process.eta),
    )


def _ranges(margin: Margin) -> tuple[Range, ...]:
    rows: Sequence[tuple[str, str, tuple[float, float]]] = (
        (_("success"), "process", (margin.worst_success, margin.safe[1])),
        (_("failure"), "auxiliary", (margin.safe[0], margin.best_failure)),
        (_("unsafe"), "gate", margin.unsafe),
    )
    return tuple(
        Range(
            name=name,
            ink=ink,
            low=low,
            high=high,
            x=_across(low, margin),
            width=max(_across(high, margin) - _across(low, margin), 1.0),
            y=i * ROW,
        )
        for i, (name, ink, (low, high)) in enumerate(rows)
    )


def _across(value: float, margin: Margin) -> float:
    low = min(margin.unsafe[0], margin.safe[0], 0.0)
    high = max(margin.unsafe[1], margin.safe[1], 0.0)
    return LEFT + (RIGHT - LEFT) * (value - low) / ((high - low) or 1)
