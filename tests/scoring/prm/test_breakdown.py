from dataclasses import replace

import numpy as np
import pytest

from scoring.prm.breakdown import Judged, abstention, breakdown, judged, minimum
from scoring.prm.examples import Example
from scoring.schema import Episode, Prediction, Step


def story(
    task: str, verdicts: tuple[int | None, ...], q: tuple[float | None, ...]
) -> tuple[Example, Prediction]:
    steps = tuple(Step(t, text="x" * (t + 1)) for t in range(len(verdicts)))
    rows = tuple(p if p is None else (1 - p, 0.0, p) for p in q)
    example = Example(Episode(task=task, steps=steps), verdicts)
    return example, Prediction(q, q, rows, q)


STORIES = [
    story("a", (1, -1, 1), (0.9, 0.2, 0.8)),
    story("b", (1, 1), (0.9, 0.7)),
    story("c", (1, -1), (0.3, 0.6)),
    story("d", (-1, None), (0.1, 0.05)),
]
EXAMPLES, PREDICTIONS = zip(*STORIES, strict=True)


def whole(threshold: float | None = 0.5) -> dict:
    rows = judged(EXAMPLES, PREDICTIONS)
    return breakdown(rows, rows, EXAMPLES, PREDICTIONS, threshold)


def test_a_wrong_step_that_passes_is_a_false_positive():
    assert whole()["false_positive_rate"] == pytest.approx(1 / 3)
    assert whole(0.65)["false_positive_rate"] == 0


def test_the_minimum_is_placed_among_the_wrong_steps():
    assert minimum(EXAMPLES, PREDICTIONS) == {
        "episodes": 4,
        "on_last": 0.5,
        "faulty": 3,
        "on_wrong": pytest.approx(1 / 3),
        "on_first_error": pytest.approx(1 / 3),
    }


def test_steps_are_told_apart_by_kind_position_and_length():
    by = whole()["by"]
    assert by["kind"]["message"]["steps"] == 8
    assert {name: row["wrong"] for name, row in by["position"].items()} == {
        "0": 1,
        "1": 2,
        "2–3": 0,
    }
    assert by["length"]["0–99"]["accuracy"] == by["kind"]["message"]["accuracy"]
    assert by["position"]["2–3"]["auroc"] is None


def test_the_limit_keeps_as_many_steps_as_the_risk_allows():
    reference = np.array([1, 1, 1, 1, -1, 1])
    q = np.array([0.99, 0.98, 0.97, 0.96, 0.9, 0.55])
    verdicts = np.stack([1 - q, 0 * q, q], 1)
    rows = Judged("abcdef", [Step(0, text="x")] * 6, reference, verdicts)
    found = abstention(rows, rows)
    assert found["confidence"] == pytest.approx(0.96)
    assert (found["coverage"], found["risk"]) == (pytest.approx(4 / 6), 0)
    assert found["curve"][-1] == (1.0, pytest.approx(1 / 6))


def test_what_nobody_judged_or_the_model_skipped_is_left_out():
    example, prediction = STORIES[0]
    blind = replace(prediction, verdicts=(None, *prediction.verdicts[1:]))
    assert len(judged([example], [blind]).reference) == 2
    assert judged([replace(example, verdicts=(None,) * 3)], [prediction]) is None
