"""What one number hides: how sure, where the errors fall, and for which steps.

Everything is measured on the test split; the abstention limit comes from calibration.
Steps the model could not read are left out, as in the table.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.prm import metrics
from scoring.prm.examples import Example, Split
from scoring.schema import VERDICTS, Prediction, Step

COVERAGES = tuple(round(0.1 * i, 1) for i in range(1, 11))
RISK = 0.1  # the share of wrong calls an unattended reward may make
MIN_COVERAGE = 0.5  # below it a model says too little to be of use
LENGTHS = (0, 100, 400, 1600)  # characters of a step
POSITIONS = (0, 1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class Judged:
    """The judged and scored steps of a split, one row each."""

    groups: Sequence[str]
    steps: Sequence[Step]
    reference: NDArray[np.int64]  # [S]
    verdicts: NDArray[np.float64]  # [S, 3]

    @property
    def q(self) -> NDArray[np.float64]:
        return 1 - self.verdicts[:, 0]

    @property
    def predicted(self) -> NDArray[np.int64]:
        return np.asarray(np.array(VERDICTS)[self.verdicts.argmax(1)])

    @property
    def confidence(self) -> NDArray[np.float64]:
        """How sure the call "wrong or not" is, in [.5, 1]."""
        return np.asarray(np.maximum(self.q, 1 - self.q))

    @property
    def missed(self) -> NDArray[np.bool_]:
        """Whether that call, at one half, is mistaken."""
        return np.asarray((self.q < 0.5) != (self.reference == -1))


def judged(
    examples: Sequence[Example], predictions: Sequence[Prediction]
) -> Judged | None:
    """The rows of a split; None where nothing is both judged and scored."""
    rows = [
        (example.episode.group(), step, verdict, guess)
        for example, prediction in zip(examples, predictions, strict=True)
        for step, verdict, guess in zip(
            example.episode.steps, example.verdicts, prediction.verdicts, strict=True
        )
        if verdict is not None and guess is not None
    ]
    if not rows:
        return None
    groups, steps, reference, verdicts = zip(*rows, strict=True)
    return Judged(groups, steps, np.array(reference), np.array(verdicts, float))


def of_splits(
    examples: Mapping[Split, Sequence[Example]],
    predictions: Mapping[Split, Sequence[Prediction]],
    threshold: float | None,
) -> dict[str, Any] | None:
    """`breakdown` of the test split; None where nothing of it was scored."""
    held = judged(examples["calibration"], predictions["calibration"])
    seen = judged(examples["test"], predictions["test"])
    if seen is None:
        return None
    return breakdown(held, seen, examples["test"], predictions["test"], threshold)


def breakdown(
    calibration: Judged | None,
    test: Judged,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    threshold: float | None,
) -> dict[str, Any]:
    """The part of a card that explains the table; docs/prm.md names every key."""
    limit = 0.5 if threshold is None else threshold
    wrong = test.reference == -1
    return {
        "intervals": _intervals(test),
        "false_positive_rate": (
            float(np.mean(test.q[wrong] >= limit)) if wrong.any() else None
        ),
        "minimum": minimum(examples, predictions),
        "reliability": reliability(test),
        "by": {
            "kind": _sliced(test, lambda step: step.kind),
            "tool": _sliced(test, _tool),
            "position": _sliced(test, lambda step: _bin(step.index, POSITIONS)),
            "length": _sliced(test, lambda step: _bin(_length(step), LENGTHS)),
        },
        "abstention": abstention(calibration or test, test),
    }


def minimum(
    examples: Sequence[Example], predictions: Sequence[Prediction]
) -> dict[str, Any]:
    """Where the lowest q of an episode falls: on its last step (a sign that the answer
    is judged instead of the way), on a wrong one, on the first wrong one."""
    places = list[tuple[int, int, Sequence[int | None]]]()
    for example, prediction in zip(examples, predictions, strict=True):
        scored = [(q, t) for t, q in enumerate(prediction.q) if q is not None]
        if len(scored) > 1:
            places.append((min(scored)[1], scored[-1][1], example.verdicts))
    faulty = [row for row in places if -1 in row[2]]
    return {
        "episodes": len(places),
        "on_last": _share([lowest == last for lowest, last, _ in places]),
        "faulty": len(faulty),
        "on_wrong": _share([verdicts[t] == -1 for t, _, verdicts in faulty]),
        "on_first_error": _share(
            [t == metrics.first_error(verdicts) for t, _, verdicts in faulty]
        ),
    }


def reliability(test: Judged, bins: int = 10) -> list[dict[str, float]]:
    """Equal-width bins of q: its mean, the share not wrong, the number of steps."""
    place = np.minimum((test.q * bins).astype(int), bins - 1)
    return [
        {
            "q": float(test.q[place == b].mean()),
            "not_wrong": float(np.mean(test.reference[place == b] != -1)),
            "steps": int(np.sum(place == b)),
        }
        for b in np.unique(place)
    ]


def abstention(calibration: Judged, test: Judged) -> dict[str, Any]:
    """Risk against coverage when the least confident steps get no verdict.

    `confidence` is the limit under which to abstain: the one that keeps the most steps
    of the calibration split while at most RISK of the kept calls are mistaken, and at
    least MIN_COVERAGE of them; `coverage` and `risk` are what it does on the test
    split, `curve` pairs of both there.
    """
    order = np.argsort(-calibration.confidence, kind="stable")
    risks = np.cumsum(calibration.missed[order]) / np.arange(1, len(order) + 1)
    least = max(1, int(np.ceil(MIN_COVERAGE * len(order))))
    fitting = np.flatnonzero(risks <= RISK)
    kept = max(least, int(fitting[-1]) + 1 if len(fitting) else 0)
    limit = float(calibration.confidence[order[kept - 1]])
    covered = test.confidence >= limit
    return {
        "confidence": limit,
        "coverage": float(covered.mean()),
        "risk": float(test.missed[covered].mean()) if covered.any() else None,
        "curve": _curve(test),
    }


def _curve(test: Judged) -> list[tuple[float, float]]:
    order = np.argsort(-test.confidence, kind="stable")
    sizes = [max(1, round(share * len(order))) for share in COVERAGES]
    return [
        (share, float(test.missed[order[:size]].mean()))
        for share, size in zip(COVERAGES, sizes, strict=True)
    ]


def _intervals(test: Judged) -> dict[str, tuple[float, float] | None]:
    y, q, predicted = test.reference, test.q, test.predicted
    statistics: Mapping[str, metrics.Statistic] = {
        "auroc": lambda rows: metrics.auroc(y[rows], q[rows]),
        "average_precision": lambda rows: metrics.average_precision(y[rows], q[rows]),
        "accuracy": lambda rows: metrics.step_accuracy(y[rows], predicted[rows]),
        "macro_f1": lambda rows: metrics.macro_f1(y[rows], predicted[rows]),
        "brier": lambda rows: metrics.brier(y[rows], q[rows]),
        "ece": lambda rows: metrics.ece(y[rows], q[rows]),
    }
    return {
        name: metrics.interval(test.groups, statistic)
        for name, statistic in statistics.items()
    }


def _sliced(test: Judged, name: Callable[[Step], str]) -> dict[str, dict[str, Any]]:
    names = np.array([name(step) for step in test.steps])
    found = {}
    for value in sorted(set(names.tolist())):
        rows = names == value
        y, q = test.reference[rows], test.q[rows]
        found[value] = {
            "steps": int(rows.sum()),
            "wrong": int(np.sum(y == -1)),
            "auroc": metrics.auroc(y, q),
            "accuracy": metrics.step_accuracy(y, test.predicted[rows]),
            "ece": metrics.ece(y, q),
        }
    return found


def _tool(step: Step) -> str:
    return step.calls[0].name if step.calls else ""


def _length(step: Step) -> int:
    return len(step.thought) + len(step.text) + sum(len(str(c)) for c in step.calls)


def _bin(number: int, edges: Sequence[int]) -> str:
    """'4–7' for 5 under the edges 4 and 8, '16+' beyond the last."""
    for low, high in pairwise(edges):
        if number < high:
            return str(low) if high == low + 1 else f"{low}–{high - 1}"
    return f"{edges[-1]}+"


def _share(claims: Sequence[bool]) -> float | None:
    return float(np.mean(claims)) if claims else None
