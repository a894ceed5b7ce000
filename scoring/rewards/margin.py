"""What a spec's weights promise, computed instead of hoped for.

With every family inside its range (final and social in [-1, 1], process and auxiliary
in [-1, 0]), the best failure and the worst success are sums of weights, and so are the
bounds of every total. Nothing here depends on the length of an episode.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoring.rewards.spec import Spec

# Totals are sums of decimals: 0.6 - 0.2 - 0.1 - 0.1 is below 0.2 in binary. Every
# comparison with a threshold allows this much.
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Margin:
    """Bounds of the total R under a spec, in units of reward.

    `dominance` = worst success - best failure; `separation` = worst safe - best unsafe;
    `final_gap` = the difference in a partial f (0..1) above which f alone decides,
    None where final weighs nothing.
    """

    worst_success: float
    best_failure: float
    safe: tuple[float, float]
    unsafe: tuple[float, float]
    final_gap: float | None

    @classmethod
    def of(cls, weights: tuple[float, float, float, float], penalty: float) -> "Margin":
        final, process, auxiliary, social = weights
        charges = process + auxiliary
        safe = (_clean(-final - charges - social), _clean(final + social))
        minor = charges + 2 * social
        return cls(
            worst_success=_clean(final - charges - social),
            best_failure=_clean(social - final),
            safe=safe,
            unsafe=(_clean(safe[0] - penalty), _clean(safe[1] - penalty)),
            final_gap=_clean(minor / (2 * final)) if final else None,
        )

    @property
    def dominance(self) -> float:
        return _clean(self.worst_success - self.best_failure)

    @property
    def separation(self) -> float:
        return _clean(self.safe[0] - self.unsafe[1])


def lost(spec: "Spec") -> list[str]:
    """The promises a spec can't be relied on without, of those it does not keep:
    `dominance` (success beats failure, where outcomes count) and `separation` (no
    violation pays)."""
    margin = spec.margin()
    kept = {
        "dominance": margin.dominance > TOLERANCE or spec.final.weight == 0,
        "separation": margin.separation > TOLERANCE,
    }
    return [name for name, is_kept in kept.items() if not is_kept]


def lint(spec: "Spec") -> list[str]:
    """What a reader of `spec` should know before relying on it."""
    margin = spec.margin()
    checks = (_dominance, _gate, _weights, _shares, _dpo, _kto, _group)
    return [warning for check in checks if (warning := check(spec, margin))]


def _dominance(spec: "Spec", margin: Margin) -> str | None:
    if margin.dominance > TOLERANCE or spec.final.weight == 0:
        return None
    return (
        f"a failure can reach {margin.best_failure:g} and a success fall to "
        f"{margin.worst_success:g}: success no longer beats every failure"
    )


def _gate(spec: "Spec", margin: Margin) -> str | None:
    width = _clean(margin.safe[1] - margin.safe[0])
    if margin.separation <= TOLERANCE:
        return (
            f"the gate's penalty {spec.gate.penalty:g} does not exceed the width "
            f"{width:g} of the safe range: a violation can pay"
        )
    if spec.gate.penalty > 2 * width:
        return (
            f"the gate's penalty {spec.gate.penalty:g} is more than twice the safe "
            f"width {width:g}: one violation flattens a group's other differences"
        )
    return None if spec.gate.rules else "the gate has no rules"


def _weights(spec: "Spec", margin: Margin) -> str | None:
    total = _clean(sum(spec.weights))
    return None if total == 1 else f"the weights sum to {total:g}, not to 1"


def _shares(spec: "Spec", margin: Margin) -> str | None:
    rule = spec.auxiliary
    total = _clean(sum(rule.shares))
    return None if total <= 1 else f"the auxiliary shares sum to {total:g}, above 1"


def _dpo(spec: "Spec", margin: Margin) -> str | None:
    if spec.final.weight == 0:
        return None
    swings = (spec.process.weight, spec.auxiliary.weight, 2 * spec.social.weight)
    if spec.dpo.margin > max(swings) + TOLERANCE:
        return None
    return (
        f"the DPO margin {spec.dpo.margin:g} can be reached by one minor family "
        f"alone (its swing is {max(swings):g})"
    )


def _kto(spec: "Spec", margin: Margin) -> str | None:
    if spec.kto.desirable > spec.kto.undesirable:
        return None
    return "KTO's desirable threshold is not above its undesirable one"


def _group(spec: "Spec", margin: Margin) -> str | None:
    if spec.gamma == 1:
        return None
    return f"gamma is {spec.gamma:g}: discounted returns no longer sum to the total"


def _clean(value: float) -> float:
    """Rounded to where decimal weights end, so 0.7 is 0.7 and -0.0 is 0.0."""
    return round(value, 12) + 0.0
