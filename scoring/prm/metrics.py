"""What a reward model is measured by, with exact definitions.

Conventions: a verdict is -1, 0 or +1 and anything masked was left out before; q is
P(step not wrong), so 1 - q scores the error class; the index of a first error is -1
where there is none. What is undefined (an absent class) is None, never .5 nor NaN.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scoring.schema import VERDICTS

Statistic = Callable[[NDArray[np.intp]], float | None]


def step_accuracy(reference: ArrayLike, predicted: ArrayLike) -> float | None:
    """Share of all steps whose predicted verdict is the reference one."""
    y = np.asarray(reference)
    return float(np.mean(y == np.asarray(predicted))) if y.size else None


def macro_f1(reference: ArrayLike, predicted: ArrayLike) -> float | None:
    """Mean over {-1, 0, +1}, unweighted, of 2TP / (2TP + FP + FN), 0 where 0/0."""
    y, guess = np.asarray(reference), np.asarray(predicted)
    if not y.size:
        return None
    scores = []
    for verdict in VERDICTS:
        both = np.sum((y == verdict) & (guess == verdict))
        either = np.sum(y == verdict) + np.sum(guess == verdict)
        scores.append(2 * both / either if either else 0.0)
    return float(np.mean(scores))


def matthews(reference: ArrayLike, predicted: ArrayLike) -> float | None:
    """Matthews correlation of "is wrong"; None where a margin is empty."""
    y, guess = np.asarray(reference) == -1, np.asarray(predicted) == -1
    if not y.size or y.all() or not y.any() or guess.all() or not guess.any():
        return None
    return float(np.corrcoef(y, guess)[0, 1])


def auroc(reference: ArrayLike, q: ArrayLike) -> float | None:
    """P(a wrong step has the lower q), ties counting half."""
    wrong = np.asarray(reference) == -1
    bad = int(wrong.sum())
    if bad in (0, wrong.size):
        return None
    # by ranks (Mann, Whitney 1947): a bootstrap asks this thousands of times
    _, tie, size = np.unique(np.asarray(q), return_inverse=True, return_counts=True)
    rank = np.cumsum(size) - (size - 1) / 2
    above = rank[tie[~wrong]].sum() - (wrong.size - bad) * (wrong.size - bad + 1) / 2
    return float(above / bad / (wrong.size - bad))


def average_precision(reference: ArrayLike, q: ArrayLike) -> float | None:
    """Precision of the error class averaged over its recall steps."""
    from sklearn.metrics import average_precision_score

    wrong = np.asarray(reference) == -1
    if not wrong.any():
        return None
    return float(average_precision_score(wrong, 1 - np.asarray(q)))


def brier(reference: ArrayLike, q: ArrayLike) -> float | None:
    """Mean (q - [verdict is not -1])²; a 0 counts as not wrong."""
    y = np.asarray(reference)
    return float(np.mean((np.asarray(q) - (y != -1)) ** 2)) if y.size else None


def ece(reference: ArrayLike, q: ArrayLike, bins: int = 10) -> float | None:
    """Expected calibration error of q over `bins` equal-width bins (1706.04599)."""
    y, q = np.asarray(reference) != -1, np.asarray(q)
    if not y.size:
        return None
    place = np.minimum((q * bins).astype(int), bins - 1)
    gaps = [
        abs(y[place == b].mean() - q[place == b].mean()) * np.sum(place == b)
        for b in np.unique(place)
    ]
    return float(np.sum(gaps) / y.size)


def first_error(verdicts: Sequence[int | None]) -> int:
    """Index of the first -1, or -1."""
    return next((t for t, verdict in enumerate(verdicts) if verdict == -1), -1)


def first_below(q: Sequence[float | None], threshold: float) -> int:
    """Index of the first q under the threshold, or -1."""
    return next((t for t, p in enumerate(q) if p is not None and p < threshold), -1)


def likeliest_error(q: Sequence[float | None]) -> tuple[int, float]:
    """Where an episode most probably went wrong first, and the log odds of that against
    "nowhere"; (-1, -inf) without a q.

    P(first error at t) = (1 - q_t) · q_0 ⋯ q_t-1, reading q_t as P(t right | all before
    it are), which is what judging up to the first error teaches. The place, where its
    odds are positive, else "none", is the best guess where only exact hits count.
    """
    place, best, clean = -1, -math.inf, 0.0
    for t, p in enumerate(q):
        if p is None:
            continue
        wrong = clean + math.log(max(1 - p, 1e-9))
        if wrong > best:
            place, best = t, wrong
        clean += math.log(max(p, 1e-9))
    return place, best - clean


def first_error_accuracy(reference: ArrayLike, predicted: ArrayLike) -> float | None:
    """Share of episodes whose first error is found exactly, "none" included."""
    return step_accuracy(reference, predicted)


def processbench(reference: ArrayLike, predicted: ArrayLike) -> dict[str, float | None]:
    """ProcessBench (2412.06559): `error` = exact hits on erroneous episodes, `correct`
    = share of clean ones left alone, `f1` their harmonic mean (0 where both are 0)."""
    y, guess = np.asarray(reference), np.asarray(predicted)
    clean = y == -1
    if clean.all() or not clean.any():
        return {"error": None, "correct": None, "f1": None}
    error = float(np.mean(guess[~clean] == y[~clean]))
    correct = float(np.mean(guess[clean] == -1))
    total = error + correct
    f1 = 2 * error * correct / total if total else 0.0
    return {"error": error, "correct": correct, "f1": f1}


def interval(
    groups: Sequence[str], statistic: Statistic, *, draws: int = 200, seed: int = 0
) -> tuple[float, float] | None:
    """95 % bootstrap interval, resampling tasks: `statistic` gets row indices."""
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    rows = [np.flatnonzero(owner == i) for i in range(len(names))]
    random = np.random.default_rng(seed)
    values = []
    for _ in range(draws if rows else 0):
        drawn = random.integers(len(rows), size=len(rows))
        value = statistic(np.concatenate([rows[i] for i in drawn]))
        values += [] if value is None else [value]
    if not values:
        return None
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def steps(
    reference: Sequence[int], q: Sequence[float], predicted: Sequence[int]
) -> dict[str, Any]:
    """All step metrics of one labelled set, with its counts."""
    counts = {str(v): int(np.sum(np.asarray(reference) == v)) for v in VERDICTS}
    return {
        "steps": len(reference),
        "verdicts": counts,
        "auroc": auroc(reference, q),
        "average_precision": average_precision(reference, q),
        "accuracy": step_accuracy(reference, predicted),
        "macro_f1": macro_f1(reference, predicted),
        "matthews": matthews(reference, predicted),
        "brier": brier(reference, q),
        "ece": ece(reference, q),
    }
