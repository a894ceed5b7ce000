"""Temperature and threshold, fitted on tasks the heads have never seen."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import minimize_scalar
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
