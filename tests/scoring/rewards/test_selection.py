"""Best-of-N, preference pairs, KTO labels and fine-tuning filters."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from scoring.rewards import DEFAULT, Signals, combine, named, score
from scoring.rewards.selection import (
    Pair,
    best_of,
    dpo_pair,
    expected_best_of,
    fit_for_sft,
    kto_label,
    kto_weights,
)
from scoring.schema import Prediction
from tests.scoring.rewards.cases import call, run


def candidate(
    f: float | None, q: float = 0.9, *, name: str = "e", gated: bool = False
) -> dict[str, Any]:
    violations = (0,) if gated else ()
    return combine(Signals(name, (q,), final=f, violations=violations))


def test_the_best_of_n_is_cheapest_then_first_by_name() -> None:
    scores = [candidate(1.0, name=name) for name in "cba"]
    assert best_of(scores) == 2
    assert best_of(scores, costs=[1, 1, 2]) == 1
    assert best_of([candidate(None), candidate(0.0)]) == 1
    assert best_of([candidate(None)]) is None


def test_the_estimate_of_best_of_n_is_the_mean_over_all_subsets() -> None:
    rng = np.random.default_rng(3)
    proxy, gold = rng.random(7), rng.random(7)
    for n in range(1, 8):
        every = [
            gold[max(subset, key=lambda i: proxy[i])]
            for subset in combinations(range(7), n)
        ]
        assert expected_best_of(proxy, gold, n) == pytest.approx(np.mean(every))


def test_best_of_more_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="n must lie in"):
        expected_best_of([1, 2], [1, 2], 3)


def test_a_pair_takes_the_best_success_and_not_the_worst_rival() -> None:
    # mean - 2 std is nearer to the better of the two failures
    group = [1.0, *[0.9] * 12, 0.3, 0.0]
    scores = [candidate(f) for f in group]
    assert dpo_pair(scores, [100] * len(scores), DEFAULT) == Pair(0, 13)


@pytest.mark.parametrize(
    ("scores", "lengths"),
    [
        ([candidate(1.0), candidate(0.9)], [10, 10]),
        ([candidate(1.0), candidate(0.0)], [21, 10]),
        ([candidate(1.0), candidate(0.0)], [10, 21]),
        ([candidate(0.4), candidate(0.0)], [10, 10]),
        ([candidate(1.0, gated=True), candidate(0.0)], [10, 10]),
        ([candidate(1.0), candidate(None)], [10, 10]),
        ([candidate(1.0)], [10]),
    ],
    ids=["close", "long", "short", "failed", "gated", "abstained", "alone"],
)
def test_no_pair_is_made_without_a_lesson(
    scores: list[dict[str, Any]], lengths: list[float]
) -> None:
    assert dpo_pair(scores, lengths, DEFAULT) is None


def test_the_preference_profile_pairs_answers_without_an_outcome() -> None:
    spec = named("rlhf_t1")
    scores = [combine(Signals("e", (0.9,), social=p), spec) for p in (0.9, 0.2)]
    assert dpo_pair(scores, [10, 10], spec) == Pair(0, 1)


def test_the_worst_success_is_desirable_despite_binary_fractions() -> None:
    worst = Signals("e", (0.0,), aux=(-1.0,), final=1.0, social=0.0)
    best = Signals("e", (1.0,), final=0.0, social=1.0)
    assert 0.6 - 0.2 - 0.1 - 0.1 < 0.20
    assert kto_label(combine(worst), DEFAULT) == "desirable"
    assert kto_label(combine(best), DEFAULT) == "undesirable"
    assert kto_label(candidate(0.5), DEFAULT) is None
    assert kto_label(candidate(None), DEFAULT) is None


@pytest.mark.parametrize(("good", "bad"), [(10, 10), (3, 30), (30, 3), (4, 3), (0, 5)])
def test_kto_weights_balance_the_two_sides(good: int, bad: int) -> None:
    w_good, w_bad = kto_weights(good, bad)
    assert min(w_good, w_bad) == 1
    if good and bad:
        assert 1 - 1e-9 <= w_good * good / (w_bad * bad) <= 4 / 3 + 1e-9


@pytest.mark.parametrize(
    ("scored", "fit"),
    [
        (candidate(1.0), True),
        (candidate(0.99), False),
        (candidate(1.0, 0.49), False),
        (candidate(1.0, gated=True), False),
        (candidate(None), False),
        (combine(Signals("e", (None,), final=1.0)), False),
    ],
    ids=["sound", "partial", "wrong step", "gated", "abstained", "unjudged"],
)
def test_only_sound_episodes_are_imitated(scored: dict[str, Any], fit: bool) -> None:
    assert fit_for_sft(scored, DEFAULT) is fit


def test_a_loop_is_not_imitated_even_when_it_ends_well() -> None:
    sure = Prediction((0.9,) * 3, (None,) * 3, (None,) * 3, (None,) * 3)
    assert not fit_for_sft(score(run(*[call("poll")] * 3), sure), DEFAULT)
    assert fit_for_sft(score(run(*[call(n) for n in "abc"]), sure), DEFAULT)
