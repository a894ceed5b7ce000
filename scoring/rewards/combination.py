"""Bring your own reward model: the same Score from given signals, without a model."""

from collections.abc import Sequence
from typing import Any

from scoring.rewards.gate import Violation, harmful
from scoring.rewards.scores import Sheet, write
from scoring.rewards.signals import Signals
from scoring.rewards.spec import Spec, named
from scoring.schema import Prediction

DEFAULT = named("default@1")


def combine(signals: Signals, spec: Spec = DEFAULT) -> dict[str, Any]:
    """The Score of one episode's signals (see docs/rewards.md for every field)."""
    return combine_many([signals], spec)[0]


def combine_many(
    episodes: Sequence[Signals], spec: Spec = DEFAULT
) -> list[dict[str, Any]]:
    """Scores of many episodes in one pass, in order; each equals its own combine()."""
    return write([_sheet(signals, spec) for signals in episodes], spec)


def _sheet(signals: Signals, spec: Spec) -> Sheet:
    steps = len(signals.q)
    nothing = (None,) * steps
    stated = [Violation("stated", step) for step in signals.violations or ()]
    found = stated + harmful(signals.harm or (), spec.gate)
    return Sheet(
        episode=signals.id,
        q=signals.q,
        auxiliary=signals.aux or (0.0,) * steps,
        final=signals.final,
        preference=signals.social,
        tone=None,
        violations=sorted(found, key=lambda violation: violation.step),
        prediction=Prediction(signals.q, nothing, nothing, signals.value or nothing),
        corrections=signals.corrections or (),
        flags=[["carry_forward"] if q is None else [] for q in signals.q],
    )
