"""What the scores follow: length, truth, and their own doubt."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scoring.audit.check import Check, Question
from scoring.audit.trial import Scored, Trial

A7 = Question("A7 {}", "Length", "|ρ(R, {})| given success", False, 0.3)
A12 = Question("A12", "Calibration", "ECE of q", False, 0.05)
A12T = Question("A12 by length", "Calibration", "worst ECE of a third", False, 0.1)
A13 = Question("A13", "Disagreement", "largest gain of risk by abstaining", False, 0.01)

Floats = NDArray[np.float64]

LEAST_RUNS = 10
LEAST_STEPS = 45
BINS = 15
COVERAGES = (0.25, 0.5, 0.75, 1.0)
LENGTHS: dict[str, Callable[[Scored], int]] = {
    "tokens": lambda run: run.prediction.tokens,
    "steps": lambda run: len(run.episode.steps),
}


def checks(trial: Trial) -> Iterator[Check]:
    yield from _length(trial)
    yield _calibration(trial)
    yield _calibration_by_length(trial)
    yield _disagreement(trial)


def ece(q: Floats, right: Floats, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass."""
    order = np.argsort(q, kind="stable")
    parts = np.array_split(order, min(bins, len(q)))
    gaps = [abs(q[part].mean() - right[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(q))


def partial_spearman(x: Floats, y: Floats, given: Floats) -> float | None:
    """Rank correlation of x and y once `given` is taken out of both; None where one of
    them says nothing else."""
    base = np.stack([np.ones_like(given), given], axis=1)
    left = []
    for values in (_ranks(x), _ranks(y)):
        fitted = base @ np.linalg.lstsq(base, values, rcond=None)[0]
        left.append(values - fitted)
    spread = np.linalg.norm(left[0]) * np.linalg.norm(left[1])
    return float(left[0] @ left[1] / spread) if spread > 1e-9 else None


def _ranks(values: Floats) -> Floats:
    """Ranks from 1; ties share their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    mean: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return mean


def _length(trial: Trial) -> Iterator[Check]:
    runs = [r for r in trial.runs if r.total is not None and r.success is not None]
    totals = np.array([run.total for run in runs], float)
    success = np.array([run.success for run in runs], float)
    for name, length in LENGTHS.items():
        lengths = np.array([length(run) for run in runs], float)
        enough = len(runs) >= LEAST_RUNS
        rho = partial_spearman(totals, lengths, success) if enough else None
        yield A7.of(name).answered(None if rho is None else abs(rho), len(runs))


def _calibration(trial: Trial) -> Check:
    q, right, _, _ = _judged(trial)
    return A12.answered(ece(q, right) if len(q) >= LEAST_STEPS else None, len(q))


def _calibration_by_length(trial: Trial) -> Check:
    """The short, the middling and the long runs apart."""
    q, right, _, length = _judged(trial)
    bounds = np.quantile(length, [1 / 3, 2 / 3]) if len(q) else np.zeros(2)
    third = np.searchsorted(bounds, length)
    worst = [
        ece(q[third == k], right[third == k])
        for k in range(3)
        if np.sum(third == k) >= LEAST_STEPS
    ]
    return A12T.answered(max(worst, default=None), len(q))


def _disagreement(trial: Trial) -> Check:
    """Error among the steps the members agree on most, more and more of them: it should
    never be lower among more steps."""
    q, right, std, _ = _judged(trial)
    if len(q) < LEAST_STEPS or not np.ptp(std):
        return A13.answered(None, len(q))
    error = np.abs(right - q)[np.argsort(std, kind="stable")]
    risks = [error[: int(len(q) * share)].mean() for share in COVERAGES]
    return A13.answered(float(-np.diff(risks).min()), len(q))


def _judged(trial: Trial) -> tuple[Floats, Floats, Floats, Floats]:
    """q, not wrong (0 or 1), q_std and the run's length, of every judged step."""
    rows = [row for run in trial.runs for row in _rows(run)]
    q, right, std, length = np.array(rows, float).reshape(-1, 4).T
    return q, right, std, length


def _rows(run: Scored) -> Iterator[Sequence[float]]:
    said = zip(run.prediction.q, run.prediction.q_std, run.verdicts, strict=True)
    for q, std, verdict in said:
        if q is not None and verdict is not None:
            yield q, verdict != -1, std or 0.0, len(run.episode.steps)
