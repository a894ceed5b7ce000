"""From a group's Scores to its advantages, abstentions kept out and said so."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scoring.errors import InvalidSignals
from scoring.rewards import groups
from scoring.rewards.cells import Floats
from scoring.rewards.groups import degenerate
from scoring.rewards.spec import FAMILIES, Spec

Score = Mapping[str, Any]


def advantages(scores: Sequence[Score], method: str, spec: Spec) -> dict[str, Any]:
    """Advantages of rollouts of one task, in order; `method` is a key of METHODS.

    A Score without a total is left out of every mean and spread; its advantages are
    None and its `reasons` those of the Score. `degenerate` is true where the rest
    teaches nothing (fewer than two, or all alike), and then they are all 0.

    Raises:
        InvalidSignals: an unknown method.
    """
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise InvalidSignals(f"expected one of {known}", pointer="/method")
    counted = [i for i, score in enumerate(scores) if score["total"] is not None]
    group = [scores[i] for i in counted]
    rows = METHODS[method](group, spec) if group else []
    by_index = dict(zip(counted, rows, strict=True))
    return {
        "method": method,
        "degenerate": degenerate([score["total"] for score in group]),
        "episodes": [
            {
                "episode": score["episode"],
                "advantages": by_index[i].tolist() if i in by_index else None,
                "reasons": list(score["reasons"]),
            }
            for i, score in enumerate(scores)
        ],
    }


def step_rewards(score: Score) -> Floats:
    """The sum of every step's cells, [T]."""
    return np.array([sum(step["rewards"].values()) for step in score["steps"]])


def _outcome(method: Callable[[Floats, Spec], Floats]) -> "_Method":
    """A method of totals alone: every step gets its episode's advantage."""

    def spread(group: Sequence[Score], spec: Spec) -> list[Floats]:
        totals = np.array([score["total"] for score in group])
        return _broadcast(method(totals, spec), group)

    return spread


def _process(group: Sequence[Score], spec: Spec) -> list[Floats]:
    return groups.process_to_go([step_rewards(score) for score in group], spec.eps)


def _gdpo(group: Sequence[Score], spec: Spec) -> list[Floats]:
    families = np.array([_families(score) for score in group])
    weights = np.array([*spec.weights, 1.0])
    values = groups.gdpo(families, weights, least_std=0.05, eps=spec.eps)
    return _broadcast(values, group)


def _families(score: Score) -> list[float]:
    """The raw families and the gate. A failure has the worst of every minor family, so
    that nothing it saves can outshine a success (GDPO's conditioned reward)."""
    raw = [score["families"][name]["raw"] for name in FAMILIES]
    minor = raw[1:] if raw[0] >= 0 else [-1.0, -1.0, -1.0]
    return [raw[0], *minor, score["gate"]["penalty"]]


def _broadcast(values: Floats, group: Sequence[Score]) -> list[Floats]:
    sizes = [len(score["steps"]) for score in group]
    return [np.full(size, v) for size, v in zip(sizes, values, strict=True)]


_Method = Callable[[Sequence[Score], Spec], list[Floats]]
METHODS: Mapping[str, _Method] = {
    "grpo": _outcome(lambda totals, spec: groups.grpo(totals, spec.eps)),
    "rloo": _outcome(lambda totals, spec: groups.rloo(totals)),
    "dr_grpo": _outcome(lambda totals, spec: groups.dr_grpo(totals)),
    "gdpo": _gdpo,
    "process": _process,
}
