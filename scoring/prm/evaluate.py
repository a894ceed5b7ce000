"""A model and the trivial baselines in one table, on the same held-out steps.

Steps the model could not read (beyond its context) are left out of every row alike and
counted: `unscored` stands beside the numbers it would otherwise blur.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.prm import baselines, calibrate, metrics
from scoring.prm.breakdown import Judged
from scoring.prm.examples import SPLITS, Example, Split
from scoring.schema import VERDICTS, Prediction

Verdicts = Sequence[tuple[float, float, float] | None]
Table = Mapping[str, Sequence[Verdicts]]


def table(
    splits: Mapping[Split, Sequence[Example]],
    predictions: Mapping[Split, Sequence[Prediction]],
) -> dict[str, Any]:
    """Metrics on the test split of the model ("prm") and of every baseline.

    What first errors are called by comes from the calibration split and, for the
    model, from what it said of training tasks while they were left out ("train" of
    `predictions`, where given).
    """
    train, calibration, test = (splits[name] for name in SPLITS)
    held, seen = (
        [prediction.verdicts for prediction in predictions[name]] for name in SPLITS[1:]
    )
    trivial = baselines.predict(train, [*calibration, *test])
    rows = {"prm": _row(*_known(splits, predictions), test, seen)}
    for name in baselines.NAMES:
        known, new = trivial[name][: len(held)], trivial[name][len(held) :]
        known_alike, new_alike = _alike(known, held), _alike(new, seen)
        rows[name] = _row(calibration, known_alike, test, new_alike)
    return rows


def value(test: Sequence[Example], predictions: Sequence[Prediction]) -> dict[str, Any]:
    """V_t against the outcome, pooled over all steps of episodes with a known outcome;
    "failed" takes the place of "wrong" in the definitions."""
    pairs = [
        (1 if example.success else -1, v)
        for example, prediction in zip(test, predictions, strict=True)
        for v in prediction.value
        if example.success is not None and v is not None
    ]
    y, v = [y for y, _ in pairs], [v for _, v in pairs]
    return {
        "steps": len(pairs),
        "auroc": metrics.auroc(y, v) if pairs else None,
        "brier": metrics.brier(y, v),
        "ece": metrics.ece(y, v),
    }


def social(
    train: Sequence[Example],
    test: Sequence[Example],
    predictions: Sequence[Prediction],
) -> dict[str, Any]:
    """Each social head on test runs, by the worst step of each against what people said
    of the run, beside a bag of words over whole runs; runs called half bad are left
    out. `precision` and `recall` are those at the head's bar."""
    axes = sorted({axis for said in predictions for axis in said.social})
    return {axis: _conduct(axis, train, test, predictions) for axis in axes}


def _conduct(
    axis: str,
    train: Sequence[Example],
    test: Sequence[Example],
    predictions: Sequence[Prediction],
) -> dict[str, Any]:
    pairs = [
        (example, detector)
        for example, said in zip(test, predictions, strict=True)
        if (detector := said.social[axis]).worst is not None
        and example.social.get(axis, 0.5) != 0.5
    ]
    fine = [-1 if example.social[axis] > 0.5 else 1 for example, _ in pairs]
    good = [1 - d.probability(d.worst or 0) for _, d in pairs]
    words = baselines.conduct(axis, train, [example for example, _ in pairs])
    groups = [example.episode.group() for example, _ in pairs]
    y, q = np.array(fine), np.array(good)
    bar = pairs[0][1].bar if pairs else None
    return {
        "episodes": len(pairs),
        "bad": fine.count(-1),
        "auroc": metrics.auroc(fine, good) if pairs else None,
        "auroc_95": metrics.interval(groups, lambda r: metrics.auroc(y[r], q[r])),
        "auroc_words": metrics.auroc(fine, [1 - p for p in words]) if pairs else None,
        "brier": metrics.brier(fine, good),
        "ece": metrics.ece(fine, good),
        "bar": bar,
        **_at_bar(y, q, bar),
    }


def _at_bar(
    y: NDArray[np.int64], q: NDArray[np.float64], bar: float | None
) -> dict[str, float | None]:
    called = np.zeros(len(y), bool) if bar is None else 1 - q >= bar
    hits, bad = int((called & (y < 0)).sum()), int((y < 0).sum())
    return {
        "precision": hits / int(called.sum()) if called.any() else None,
        "recall": hits / bad if bad and bar is not None else None,
    }


def threshold(
    splits: Mapping[Split, Sequence[Example]],
    predictions: Mapping[Split, Sequence[Prediction]],
) -> float | None:
    """The model's own `calibrate.threshold`, from all it was not fitted on but test."""
    known = _Located.of(*_known(splits, predictions))
    return calibrate.threshold(known.reference, known.q)


def odds(
    splits: Mapping[Split, Sequence[Example]],
    predictions: Mapping[Split, Sequence[Prediction]],
) -> dict[calibrate.Goal, float]:
    """The model's own `calibrate.odds`, from the same."""
    return _Located.of(*_known(splits, predictions)).odds()


def _known(
    splits: Mapping[Split, Sequence[Example]],
    predictions: Mapping[Split, Sequence[Prediction]],
) -> tuple[list[Example], list[Verdicts]]:
    sides: tuple[Split, ...] = ("train", "calibration")
    names = [name for name in sides if name in predictions]
    return (
        [example for name in names for example in splits[name]],
        [prediction.verdicts for name in names for prediction in predictions[name]],
    )


def _row(
    calibration: Sequence[Example],
    held: Sequence[Verdicts],
    test: Sequence[Example],
    seen: Sequence[Verdicts],
) -> dict[str, Any]:
    judged = [
        (example.episode.group(), verdict, guess)
        for example, guesses in zip(test, seen, strict=True)
        for verdict, guess in zip(example.verdicts, guesses, strict=True)
        if verdict is not None and guess is not None
    ]
    total = sum(v is not None for example in test for v in example.verdicts)
    y = np.array([verdict for _, verdict, _ in judged])
    q = np.array([1 - guess[0] for _, _, guess in judged])
    predicted = [VERDICTS[int(np.argmax(guess))] for _, _, guess in judged]
    groups = [group for group, _, _ in judged]
    auroc_95 = metrics.interval(groups, lambda rows: metrics.auroc(y[rows], q[rows]))
    return {
        **metrics.steps(y.tolist(), q.tolist(), predicted),
        "unscored": total - len(judged),
        "auroc_95": auroc_95,
        **_first_errors(_Located.of(test, seen), _Located.of(calibration, held)),
    }


def first_errors(
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    limits: Mapping[calibrate.Goal, float],
) -> dict[str, Any]:
    """How well first errors are found under given log odds (`odds`), on episodes judged
    up to theirs."""
    guesses = [prediction.verdicts for prediction in predictions]
    return _found(_Located.of(examples, guesses), limits)


def of_steps(rows: Judged) -> dict[str, Any]:
    """Step metrics of judged and scored rows, however they were chosen."""
    return metrics.steps(
        rows.reference.tolist(), rows.q.tolist(), rows.predicted.tolist()
    )


@dataclass(frozen=True, slots=True)
class _Located:
    """Episodes whose first error, or lack of one, is known: their first errors and what
    was said of their steps."""

    reference: Sequence[int]
    q: Sequence[Sequence[float | None]]
    likeliest: Sequence[calibrate.Likeliest]

    @classmethod
    def of(cls, examples: Sequence[Example], guesses: Sequence[Verdicts]) -> "_Located":
        known = _localisable(examples)
        q = [_q(guesses[i]) for i in known]
        return cls(
            [metrics.first_error(examples[i].verdicts) for i in known],
            q,
            [metrics.likeliest_error(episode) for episode in q],
        )

    def odds(self) -> dict[calibrate.Goal, float]:
        goals: tuple[calibrate.Goal, ...] = ("accuracy", "f1")
        return {
            goal: calibrate.odds(self.reference, self.likeliest, goal) for goal in goals
        }


def _first_errors(test: _Located, known: _Located) -> dict[str, Any]:
    """ProcessBench F1 also as it is published: the first step under a threshold."""
    limit = calibrate.threshold(known.reference, known.q)
    below = [metrics.first_below(q, 0.5 if limit is None else limit) for q in test.q]
    return {
        **_found(test, known.odds()),
        "processbench_at_threshold": metrics.processbench(test.reference, below),
    }


def _found(test: _Located, limits: Mapping[calibrate.Goal, float]) -> dict[str, Any]:
    def called(goal: calibrate.Goal) -> list[int]:
        return calibrate.called(test.likeliest, limits[goal])

    return {
        "episodes": len(test.reference),
        "first_error_accuracy": metrics.first_error_accuracy(
            test.reference, called("accuracy")
        ),
        "onset": _onset(test.reference, test.likeliest),
        "processbench": metrics.processbench(test.reference, called("f1")),
    }


def _onset(
    reference: Sequence[int], likeliest: Sequence[calibrate.Likeliest]
) -> float | None:
    """Of the faulty episodes, how many went wrong first where it is likeliest."""
    hits = [
        place == error
        for error, (place, _) in zip(reference, likeliest, strict=True)
        if error != -1 and place != -1
    ]
    return float(np.mean(hits)) if hits else None


def _localisable(examples: Sequence[Example]) -> list[int]:
    """Those judged up to their first error."""
    return [i for i, example in enumerate(examples) if _judged_up_to_error(example)]


def _judged_up_to_error(example: Example) -> bool:
    error = metrics.first_error(example.verdicts)
    return None not in example.verdicts[: None if error == -1 else error]


def _q(guesses: Verdicts) -> list[float | None]:
    return [None if guess is None else 1 - guess[0] for guess in guesses]


def _alike(
    arrays: Sequence[baselines.Probabilities], model: Sequence[Verdicts]
) -> list[Verdicts]:
    """A baseline's guesses, None wherever the model has none."""
    return [
        [
            None if guess is None else (row[0], row[1], row[2])
            for row, guess in zip(array.tolist(), guesses, strict=True)
        ]
        for array, guesses in zip(arrays, model, strict=True)
    ]
