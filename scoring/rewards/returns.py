"""What a trainer makes of step rewards: returns, shaping, GAE. One episode at a time.

Arrays are float64 [T]. `bootstrap` is the value after the last step: 0 where the
episode terminated, V(T) where it was truncated.
"""

import numpy as np
from numpy.typing import ArrayLike

from scoring.rewards.cells import Floats


def returns(rewards: ArrayLike, gamma: float = 1.0, bootstrap: float = 0.0) -> Floats:
    """G(t) = r(t) + gamma * G(t + 1). Discounts by the distance to the end."""
    return _backwards(np.asarray(rewards, np.float64), gamma, bootstrap)


def gae(
    rewards: ArrayLike,
    values: ArrayLike,
    gamma: float = 1.0,
    lam: float = 0.95,
    bootstrap: float = 0.0,
) -> tuple[Floats, Floats]:
    """Advantages and returns by generalised advantage estimation (1506.02438).

    delta(t) = r(t) + gamma * V(t + 1) - V(t); A(t) = delta(t) + gamma * lam * A(t + 1);
    the returns are A + V.
    """
    before = np.asarray(values, np.float64)
    after = np.append(before[1:], bootstrap)
    deltas = np.asarray(rewards, np.float64) + gamma * after - before
    advantages = _backwards(deltas, gamma * lam, 0.0)
    return advantages, advantages + before


def shaping(potential: ArrayLike, gamma: float = 1.0, after: float = 0.0) -> Floats:
    """Potential-based shaping s(t) = gamma * phi(t + 1) - phi(t) (Ng et al., 1999).

    `potential` is phi before each step, [T]; `after` is phi once the episode is over
    and must be 0 where it terminated, else the order of episodes can flip. Returns
    shift by -phi(0) only. Kept out of every total.
    """
    before = np.asarray(potential, np.float64)
    return gamma * np.append(before[1:], after) - before


def _backwards(values: Floats, decay: float, last: float) -> Floats:
    result = np.empty_like(values)
    for t in range(len(values) - 1, -1, -1):
        last = values[t] + decay * last
        result[t] = last
    return result
