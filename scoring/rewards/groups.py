"""Advantages relative to a group: n rollouts of one task, n at least 2.

`totals` is R [n]; `rewards` holds each rollout's step rewards [T_i]. A group in which
nothing varies has advantage 0 everywhere. Standard deviations are the sample's (ddof
1) and `eps` is added to them, as trainers do.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from scoring.rewards.cells import Floats
from scoring.rewards.margin import TOLERANCE
from scoring.rewards.returns import returns

EPS = 1e-4


def degenerate(totals: ArrayLike) -> bool:
    """Whether a group teaches nothing: fewer than two members, or all alike."""
    values = np.asarray(totals, np.float64)
    return len(values) < 2 or bool(np.ptp(values) <= TOLERANCE)


def grpo(totals: ArrayLike, eps: float = EPS) -> Floats:
    """(R - mean) / (std + eps): DeepSeekMath's outcome form (2402.03300)."""
    centred = dr_grpo(totals)
    return centred / (_std(totals) + eps)


def dr_grpo(totals: ArrayLike) -> Floats:
    """R - mean, without dividing by the spread (Dr. GRPO, 2503.20783)."""
    values = np.asarray(totals, np.float64)
    return np.zeros_like(values) if degenerate(values) else values - values.mean()


def rloo(totals: ArrayLike) -> Floats:
    """R minus the mean of the others (2402.14740)."""
    centred = dr_grpo(totals)
    return centred * len(centred) / max(len(centred) - 1, 1)


def process_to_go(rewards: Sequence[ArrayLike], eps: float = EPS) -> list[Floats]:
    """(G(t) - mean R) / (std R + eps): each step by what follows it, undiscounted.

    At T = 1 it is `grpo`. Steps that cost nothing leave every other advantage as it
    was, which `deepseek_math` doesn't hold.
    """
    to_go = [returns(row) for row in rewards]
    totals = np.array([row[0] for row in to_go])
    if degenerate(totals):
        return [np.zeros_like(row) for row in to_go]
    return [(row - totals.mean()) / (_std(totals) + eps) for row in to_go]


def deepseek_math(rewards: Sequence[ArrayLike], eps: float = EPS) -> list[Floats]:
    """The sum to come of rewards normalised over all steps of the group (2402.03300).

    For comparison only: adding steps of no reward to one rollout moves everyone.
    """
    rows = [np.asarray(row, np.float64) for row in rewards]
    steps = np.concatenate(rows)
    if degenerate(steps):
        return [np.zeros_like(row) for row in rows]
    scale = _std(steps) + eps
    return [returns((row - steps.mean()) / scale) for row in rows]


def gdpo(
    families: ArrayLike,
    weights: ArrayLike,
    *,
    least_std: float = 0.0,
    eps: float = EPS,
) -> Floats:
    """Normalise every family by itself, then their weighted sum (GDPO, 2601.05242).

    families: [n, C]. It destroys the dominance of the outcome: a spread of .01 in a
    minor family is blown up to that of success. `least_std` floors each family's
    spread, which helps beside families that vary more, not in a group where nothing
    else does.
    """
    columns = np.asarray(families, np.float64).T
    scores = [
        dr_grpo(column) / max(_std(column) + eps, least_std) for column in columns
    ]
    return grpo(np.asarray(weights, np.float64) @ np.array(scores), eps)


def _std(values: ArrayLike) -> float:
    array = np.asarray(values, np.float64)
    return float(array.std(ddof=1)) if len(array) > 1 else 0.0
