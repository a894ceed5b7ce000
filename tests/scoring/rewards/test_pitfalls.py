"""Mistakes other reward code has made, one regression test each."""

import pytest

from scoring.rewards import DEFAULT, Signals, combine, combine_many, step_rewards
from scoring.rewards.auxiliary import overlong_values
from scoring.rewards.groups import grpo
from scoring.rewards.returns import gae, returns


def test_a_step_of_zero_reward_is_still_a_step() -> None:
    score = combine(Signals("e", (0.9, 0.9, 0.9), final=1.0))
    assert [step["index"] for step in score["steps"]] == [0, 1, 2]
    assert len(step_rewards(score)) == 3


def test_being_cut_short_never_beats_failing() -> None:
    failed = combine(Signals("e", (0.1,), final=0.0))
    cut = combine(Signals("e", (0.1,), final=0.0, ended="truncated"))
    assert cut["total"] == failed["total"] < 0


def test_a_score_does_not_depend_on_who_shares_its_request() -> None:
    one, other = Signals("a", (0.1, 0.7), final=1.0), Signals("b", (0.2,), final=0.0)
    assert combine_many([one, other])[0] == combine_many([one])[0]


def test_an_unknown_outcome_is_not_summed_as_zero() -> None:
    score = combine(Signals("e", (0.9,), final=None, social=0.9))
    assert (score["total"], score["valid"]) == (None, False)


def test_families_and_gate_sum_to_the_total_to_the_last_digits() -> None:
    score = combine(Signals("e", (0.3,), aux=(-0.3,), final=0.7, social=0.9))
    parts = [family["weighted"] for family in score["families"].values()]
    assert sum(parts) + score["gate"]["penalty"] == pytest.approx(
        score["total"], rel=1e-9
    )


def test_a_truncated_episode_bootstraps_its_value() -> None:
    assert list(returns([0, 0], gamma=0.5, bootstrap=0.8)) == [0.2, 0.4]
    cut, _ = gae([0], [0.5], gamma=1.0, bootstrap=0.8)
    done, _ = gae([0], [0.5], gamma=1.0)
    assert (cut[0], done[0]) == (pytest.approx(0.3), -0.5)


def test_discounts_count_from_the_end_not_from_the_start() -> None:
    assert returns([0, 0, 1], gamma=0.9)[2] == 1
    assert returns([0, 0, 1], gamma=0.9)[0] == pytest.approx(0.81)


def test_more_steps_never_earn_more() -> None:
    short = combine(Signals("e", (0.9,) * 2, final=1.0))
    long = combine(Signals("e", (0.9,) * 2_000, final=1.0))
    assert long["total"] == short["total"]


def test_overlong_has_a_floor() -> None:
    assert overlong_values([10**12], 100, DEFAULT.auxiliary.tokens) == [-1.0]


def test_nothing_is_clipped_after_a_group_is_normalised() -> None:
    assert grpo([1.0] + [0.0] * 63)[0] > 5
