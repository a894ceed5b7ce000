"""The popular ways to combine step rewards, each caught by the invariant it breaks."""

import numpy as np
import pytest

from scoring.rewards.groups import deepseek_math, process_to_go
from scoring.rewards.returns import returns, shaping

Q = [0.9, 0.9, 0.3, 0.9]
PADDED = Q + [0.99] * 20


def clipped_minimum(q: list[float]) -> float:
    return min(*q, 0.5) / 0.5 - 1


def pure_weights(q: list[float], temperature: float = 0.1) -> np.ndarray:
    """PURE's credit (2504.15275): every q weighted by a softmax over the whole run."""
    powers = np.exp(-np.array(q) / temperature)
    return powers / powers.sum() * np.array(q)


@pytest.mark.parametrize(
    ("aggregate", "gain"),
    [(sum, 19.8), (np.mean, 0.20), (lambda q: q[-1], 0.09), (clipped_minimum, 0)],
    ids=["sum", "mean", "last", "clipped minimum"],
)
def test_padding_pays_every_aggregate_but_the_minimum(
    aggregate: object, gain: float
) -> None:
    won = aggregate(PADDED) - aggregate(Q)  # type: ignore[operator]
    assert won == pytest.approx(gain, abs=0.005)


def test_a_sum_is_not_bounded_by_the_outcome() -> None:
    failing = 0.6 * -1 + 0.2 * sum([0.9] * 30)
    solving = 0.6 * 1 + 0.2 * sum([0.9] * 2)
    assert failing > solving


def test_softmax_credit_changes_earlier_rewards_with_later_steps() -> None:
    before, after = pure_weights(Q), pure_weights([*Q, 0.1])
    assert abs(before[2] - after[2]) > 0.1


def test_a_product_charges_padding() -> None:
    assert np.prod(PADDED) < np.prod(Q) - 0.03


def test_a_terminal_potential_flips_an_order() -> None:
    first = returns(np.array([1.0]) + shaping([0.5], after=0.0))
    second = returns(np.array([0.9]) + shaping([0.5], after=0.9))
    assert first[0] < second[0]


def test_process_centring_over_all_steps_is_moved_by_padding() -> None:
    rows = [[0.2, 0.8], [0.4], [0.6, 0.6, 0.1]]
    padded = [rows[0] + [0.0] * 10, *rows[1:]]
    moved = deepseek_math(padded)[0][0] - deepseek_math(rows)[0][0]
    assert abs(moved) > 0.5
    assert process_to_go(padded)[0][0] == process_to_go(rows)[0][0]


def test_process_centring_of_equal_steps_is_zero() -> None:
    assert [row.tolist() for row in deepseek_math([[1, 1], [1]])] == [[0, 0], [0]]
