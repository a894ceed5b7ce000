"""Temperature and threshold, fitted on tasks the heads have never seen."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from torch import Tensor

from scoring.prm import metrics

BOUNDS = (-3.0, 3.0)  # of the logarithm: temperatures between 1/20 and 20


Scored = tuple[Tensor, Tensor]  # logits [S, K, C] and classes [S]
NOTHING: Scored = (torch.empty(0, 1, 1), torch.empty(0, dtype=torch.long))


def temperature(parts: Sequence[Scored]) -> float:
    """The temperature (1706.04599) under which the members' mean probability loses
    least over all parts, each of its own number of members K; without rows it is 1."""
    total = sum(len(target) for _, target in parts)
    if not total:
        return 1.0

    def loss(log_temperature: float) -> float:
        scale = float(np.exp(log_temperature))
        return sum(_lost(logits / scale, target) for logits, target in parts) / total

    found = minimize_scalar(loss, bounds=BOUNDS, method="bounded")
    return float(np.exp(found.x))


def _lost(logits: Tensor, target: Tensor) -> float:
    if not len(target):
        return 0.0
    chosen = torch.softmax(logits, dim=-1).mean(1).gather(1, target[:, None])
    return float(-chosen.clamp_min(1e-9).log().sum())


def platt(logits: Tensor, target: Tensor) -> tuple[float | None, float, float]:
    """Platt's scaling of two classes, (temperature, shift, gain): class 1's logit moves
    by `shift`, then all are divided by the temperature. `gain` is the log-likelihood
    won over the bare frequencies. The temperature is None where more of the logit means
    less of the class. `logits` [S, K, 2], `target` [S] with both classes."""
    margin = (logits[..., 1] - logits[..., 0]).double().numpy()
    # Platt's own targets: a hair from 0 and 1, so that no set is ever separable
    y, n, ones = target.double().numpy(), len(target), int(target.sum())
    goal = np.where(y > 0, (ones + 1) / (ones + 2), 1 / (n - ones + 2))

    def likelihood(p: NDArray[np.float64]) -> float:
        p = np.clip(p, 1e-9, 1 - 1e-9)
        return float((goal * np.log(p) + (1 - goal) * np.log(1 - p)).sum())

    def loss(numbers: NDArray[np.float64]) -> float:
        slope, offset = numbers
        return -likelihood(expit(slope * margin + offset).mean(1))

    found = minimize(loss, x0=[1.0, 0.0], method="Nelder-Mead")
    slope, offset = found.x
    gain = -float(found.fun) - likelihood(np.full(n, goal.mean()))
    if slope <= 0:
        return None, 0.0, gain
    return float(1 / slope), float(offset / slope), gain


Goal = Literal["f1", "accuracy"]
Likeliest = tuple[int, float]  # as `metrics.likeliest_error` gives it
QUANTILES = np.linspace(0, 1, 41)


def threshold(
    first_errors: Sequence[int], q: Sequence[Sequence[float | None]]
) -> float | None:
    """The q under which a step is called wrong: of the quantiles of q, the one with the
    best ProcessBench F1. None without both clean and faulty episodes."""
    scores = [p for episode in q for p in episode if p is not None]
    if not scores or not _has_both(first_errors):
        return None

    def reached(candidate: float) -> float:
        found = [metrics.first_below(episode, candidate) for episode in q]
        return metrics.processbench(first_errors, found)["f1"] or 0.0

    return max(map(float, np.quantile(scores, QUANTILES)), key=reached)


def odds(
    first_errors: Sequence[int], likeliest: Sequence[Likeliest], goal: Goal
) -> float:
    """The log odds against "nowhere" over which the likeliest place is called a first
    error: of their quantiles the best by ProcessBench F1 or by exact hits.

    For hits 0 is best where q is honest, so another is taken only if it finds more by
    over two standard errors (McNemar 1947). 0 too without clean and faulty episodes.
    """
    known = [chance for place, chance in likeliest if place != -1]
    if not known or not _has_both(first_errors):
        return 0.0

    def hits(limit: float) -> NDArray[np.float64]:
        return np.equal(called(likeliest, limit), first_errors).astype(float)

    def reached(limit: float) -> tuple[float, float]:
        if goal == "accuracy":
            return float(hits(limit).mean()), -abs(limit)
        found = called(likeliest, limit)
        return metrics.processbench(first_errors, found)["f1"] or 0.0, -abs(limit)

    best = max(map(float, np.quantile(known, QUANTILES)), key=reached)
    if goal == "f1":
        return best
    gain = hits(best) - hits(0.0)
    return best if gain.sum() > 2 * np.sqrt(np.abs(gain).sum()) else 0.0


def called(likeliest: Sequence[Likeliest], limit: float) -> list[int]:
    """Where each episode is said to have gone wrong first; -1 for nowhere."""
    return [place if chance > limit else -1 for place, chance in likeliest]


def _has_both(first_errors: Sequence[int]) -> bool:
    """Whether there are faulty episodes and clean ones."""
    return metrics.processbench(first_errors, first_errors)["f1"] is not None
