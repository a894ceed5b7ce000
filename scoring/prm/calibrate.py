"""Temperature and threshold, fitted on tasks the heads have never seen."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from torch import Tensor

from scoring.prm import metrics

BOUNDS = (-3.0, 3.0)  # of the logarithm: temperatures between 1/20 and 20


def temperature(logits: Tensor, target: Tensor) -> float:
    """The temperature (1706.04599) under which the members' mean probability loses
    least. `logits` [S, K, C], `target` [S]; without rows it is 1."""
    if not len(target):
        return 1.0

    def loss(log_temperature: float) -> float:
        scaled = torch.softmax(logits / float(np.exp(log_temperature)), dim=-1)
        chosen = scaled.mean(1).gather(1, target[:, None]).clamp_min(1e-9)
        return float(-chosen.log().mean())

    found = minimize_scalar(loss, bounds=BOUNDS, method="bounded")
    return float(np.exp(found.x))


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


def threshold(
    first_errors: Sequence[int], q: Sequence[Sequence[float | None]]
) -> float | None:
    """The q under which a step is called wrong: of the quantiles of q, the one with the
    best ProcessBench F1. None without both clean and faulty episodes."""
    scores = [p for episode in q for p in episode if p is not None]
    if not scores or metrics.processbench(first_errors, first_errors)["f1"] is None:
        return None

    def f1(candidate: float) -> float:
        found = [metrics.first_below(episode, candidate) for episode in q]
        return metrics.processbench(first_errors, found)["f1"] or 0.0

    return max(map(float, np.quantile(scores, np.linspace(0, 1, 41))), key=f1)
