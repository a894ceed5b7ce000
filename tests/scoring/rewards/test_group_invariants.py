"""Invariants 7, 8 and 10: shaping, GAE and group advantages."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from scoring.rewards import combine, step_rewards
from scoring.rewards.groups import dr_grpo, grpo, process_to_go, rloo
from scoring.rewards.returns import gae, returns, shaping
from scoring.rewards.signals import Signals
from tests.scoring.rewards.cases import PROVEN, small, unit

pairs = st.lists(st.tuples(small, small), min_size=1, max_size=8)
totals = st.lists(small, min_size=2, max_size=8)
rollouts = st.lists(st.lists(small, min_size=1, max_size=5), min_size=2, max_size=5)


def near(found: object, wanted: object, by: float) -> bool:
    return bool(np.allclose(found, wanted, rtol=0, atol=by))


@PROVEN
@given(pairs, unit)
def test_7_shaping_shifts_every_return_by_the_first_potential(
    steps: list[tuple[float, float]], gamma: float
) -> None:
    rewards, potential = (np.array(column) for column in zip(*steps, strict=True))
    plain = returns(rewards, gamma)
    shaped = returns(rewards + shaping(potential, gamma), gamma)
    assert near(shaped, plain - potential, 1e-9)


@PROVEN
@given(rollouts, small)
def test_7_shaping_leaves_group_advantages_alone(
    rows: list[list[float]], start: float
) -> None:
    shaped = [
        np.array(row) + shaping([start, *np.arange(len(row) - 1)]) for row in rows
    ]
    plain = grpo([sum(row) for row in rows])
    assert near(grpo([row.sum() for row in shaped]), plain, 1e-5)


@PROVEN
@given(pairs, unit, small)
def test_8_gae_at_both_ends_of_lambda(
    steps: list[tuple[float, float]], gamma: float, bootstrap: float
) -> None:
    rewards, values = (np.array(column) for column in zip(*steps, strict=True))
    far, _ = gae(rewards, values, gamma, 1.0, bootstrap)
    close, _ = gae(rewards, values, gamma, 0.0, bootstrap)
    after = np.append(values[1:], bootstrap)
    assert near(far, returns(rewards, gamma, bootstrap) - values, 1e-9)
    assert near(close, rewards + gamma * after - values, 1e-9)


@PROVEN
@given(pairs, unit, unit, st.lists(small, min_size=8, max_size=8))
def test_8_gae_of_shaped_rewards_against_shaped_values_is_unchanged(
    steps: list[tuple[float, float]], gamma: float, lam: float, phi: list[float]
) -> None:
    rewards, values = (np.array(column) for column in zip(*steps, strict=True))
    potential = np.array(phi[: len(steps)])
    plain, _ = gae(rewards, values, gamma, lam)
    moved = rewards + shaping(potential, gamma)
    shaped, _ = gae(moved, values - potential, gamma, lam)
    assert near(shaped, plain, 1e-9)


@PROVEN
@given(unit, unit, unit)
def test_9_at_one_step_process_and_outcome_advantages_coincide(
    a: float, b: float, c: float
) -> None:
    scores = [combine(Signals("e", (f,), final=f)) for f in (a, b, c)]
    stepwise = process_to_go([step_rewards(score) for score in scores])
    outcome = grpo([score["total"] for score in scores])
    assert near(np.concatenate(stepwise), outcome, 1e-6)


@PROVEN
@given(totals, small, st.floats(0.5, 4))
def test_10_group_advantages_sum_to_zero_and_ignore_order_shift_and_scale(
    group: list[float], shift: float, scale: float
) -> None:
    values = np.array(group)
    order = np.argsort(values)
    for method in (grpo, dr_grpo, rloo):
        plain = method(values)
        assert abs(plain.sum()) < 1e-7
        assert near(method(values[order]), plain[order], 1e-7)
    assume(np.ptp(values) > 1e-3)
    plain, eps = grpo(values), 1e-4
    assert near(grpo(values * scale, eps * scale), plain, 1e-6)
    assert near(grpo(values + shift), plain, 1e-6)


@PROVEN
@given(small, st.integers(1, 8))
def test_10_a_constant_group_teaches_nothing(value: float, size: int) -> None:
    for method in (grpo, dr_grpo, rloo):
        assert method([value] * size).tolist() == [0.0] * size


@PROVEN
@given(rollouts, st.integers(1, 10))
def test_10_free_steps_move_no_process_advantage(
    rows: list[list[float]], padding: int
) -> None:
    padded = [rows[0] + [0.0] * padding, *rows[1:]]
    before, after = process_to_go(rows), process_to_go(padded)
    for old, new in zip(before, after, strict=True):
        assert new[: len(old)].tolist() == old.tolist()
