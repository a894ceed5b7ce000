import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from scoring.prm import metrics

Q = [0.9, 0.8, 0.6, 0.4, 0.2, 0.7]
Y = [1, 1, -1, 1, -1, 0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("auroc", 7 / 8), ("average_precision", 5 / 6), ("brier", 0.15)],
)
def test_scores_of_the_error_class_match_the_hand_computed_table(name, expected):
    assert getattr(metrics, name)(Y, Q) == pytest.approx(expected)


def test_accuracy_and_macro_f1_match_the_hand_computed_table():
    y, predicted = [1, 1, 1, -1, 0], [1, 1, 1, 1, 0]
    assert metrics.step_accuracy(y, predicted) == pytest.approx(0.8)
    assert metrics.macro_f1(y, predicted) == pytest.approx((6 / 7 + 1 + 0) / 3)


def test_processbench_f1_matches_the_hand_computed_table():
    label, predicted = [1, -1, 3, -1, -1], [1, -1, 2, -1, 0]
    scores = metrics.processbench(label, predicted)
    assert scores["error"] == pytest.approx(1 / 2)
    assert scores["correct"] == pytest.approx(2 / 3)
    assert scores["f1"] == pytest.approx(4 / 7)
    assert metrics.first_error_accuracy(label, predicted) == pytest.approx(3 / 5)


def test_calibration_error_weighs_each_bin_by_its_steps():
    # bin .9: mean q .95, all right, gap .05; bin .5: mean q .55, half right, gap .05
    q, y = [0.95, 0.95, 0.55, 0.55], [1, 0, 1, -1]
    assert metrics.ece(y, q) == pytest.approx(0.05)
    assert metrics.ece([1], [1.0]) == 0


@pytest.mark.parametrize("y", [[], [1, 1], [-1, -1]])
def test_an_absent_class_is_undefined_and_not_a_half(y):
    q = [0.5] * len(y)
    assert metrics.auroc(y, q) is None
    assert metrics.matthews(y, y) is None


def test_without_steps_every_metric_is_undefined():
    scores = metrics.steps([], [], [])
    assert scores.pop("steps") == 0
    assert scores.pop("verdicts") == {"-1": 0, "0": 0, "1": 0}
    assert set(scores.values()) == {None}


def test_the_first_error_is_an_index_from_zero_or_minus_one():
    assert metrics.first_error([1, None, -1, -1]) == 2
    assert metrics.first_error([1, 0, None]) == -1
    assert metrics.first_below([0.9, None, 0.1], 0.5) == 2
    assert metrics.first_below([0.9], 0.5) == -1


def test_the_likeliest_first_error_weighs_every_place_against_none():
    # none: .9 · .2 · .3 = .054; at 0: .1; at 1: .9 · .8 = .72; at 2: .9 · .2 · .7
    place, odds = metrics.likeliest_error([0.9, None, 0.2, 0.3])
    assert place == 2
    assert odds == pytest.approx(math.log(0.72 / 0.054))
    place, odds = metrics.likeliest_error([0.9, 0.8])
    assert (place, odds < 0) == (1, True)
    assert metrics.likeliest_error([None]) == (-1, -math.inf)


def test_processbench_is_undefined_without_clean_or_without_faulty_episodes():
    assert metrics.processbench([-1, -1], [-1, 0])["f1"] is None
    assert metrics.processbench([0, 1], [0, 1])["f1"] is None


def test_matthews_is_one_for_a_perfect_guess_and_minus_one_for_its_opposite():
    assert metrics.matthews([1, -1, 0], [0, -1, 1]) == pytest.approx(1)
    assert metrics.matthews([1, -1], [-1, 1]) == pytest.approx(-1)


def test_the_interval_resamples_tasks_and_holds_the_estimate():
    groups = [str(i // 4) for i in range(400)]
    y = [-1 if i % 3 == 0 else 1 for i in range(400)]
    low, high = metrics.interval(
        groups, lambda rows: float(sum(y[i] == -1 for i in rows) / len(rows))
    )
    assert low < 1 / 3 < high
    assert metrics.interval([], lambda rows: 1.0) is None


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(0, 5)), min_size=2))
def test_auroc_is_the_usual_one_whatever_ties(rows):
    y, q = [verdict for verdict, _ in rows], [level / 5 for _, level in rows]
    wrong = [verdict == -1 for verdict in y]
    assume(0 < sum(wrong) < len(wrong))
    usual = roc_auc_score(wrong, [1 - p for p in q])
    assert metrics.auroc(y, q) == pytest.approx(usual)
