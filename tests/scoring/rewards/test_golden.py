"""The golden numbers: small cases worked out by hand, independently of this code."""

import pytest

from scoring.rewards import DEFAULT, Signals, Spec, combine, step_rewards
from scoring.rewards.groups import deepseek_math, gdpo, grpo
from scoring.rewards.returns import gae, shaping
from scoring.rewards.selection import kl_of_best_of
from tests.scoring.rewards.cases import column

WORKED = Signals(
    id="worked",
    q=(0.9, 0.8, 0.3, 0.95, 0.9),
    aux=(0, 0, -0.1, -0.1, -0.25),
    final=1.0,
    social=0.7,
)


def near(values: object) -> object:
    return pytest.approx(values, abs=1e-9)


def test_the_worked_episode_under_the_default_spec() -> None:
    score = combine(WORKED)
    assert score["total"] == near(0.535)
    assert list(step_rewards(score)) == near([0, 0, -0.09, 0, 0.625])
    assert column(score, "process") == near([0, 0, -0.08, 0, 0])
    assert column(score, "auxiliary") == near([0, 0, -0.01, 0, -0.015])
    assert column(score, "social") == near([0, 0, 0, 0, 0.04])
    assert column(score, "final") == near([0, 0, 0, 0, 0.6])


def test_the_worked_episode_with_a_plain_running_minimum() -> None:
    data = DEFAULT.to_dict()
    data["components"]["process"]["eta"] = 1
    score = combine(WORKED, Spec.from_dict(data))
    assert list(step_rewards(score)) == near([-0.02, -0.02, -0.11, 0, 0.625])
    assert score["total"] == near(0.475)


def test_generalised_advantages() -> None:
    advantages, returns = gae([0, 0, 1], [0.2, 0.5, 0.7], gamma=0.99, lam=0.95)
    assert list(advantages) == pytest.approx([0.741879, 0.475150, 0.3], abs=1e-6)
    assert list(returns) == pytest.approx([0.941879, 0.975150, 1], abs=1e-6)


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ([1, 0, 0, 1], [0.865875, -0.865875, -0.865875, 0.865875]),
        ([1, 0, 0, 0], [1.4997, -0.4999, -0.4999, -0.4999]),
        ([0.3, 0.3, 0.3], [0, 0, 0]),
    ],
)
def test_outcome_advantages(totals: list[float], expected: list[float]) -> None:
    assert list(grpo(totals)) == pytest.approx(expected, abs=1e-5)


def test_process_advantages_of_deepseek_math() -> None:
    first, second, third = deepseek_math([[0.2, 0.8], [0.4], [0.6, 0.6, 0.1]])
    assert list(first) == pytest.approx([0.3752, 1.313], abs=5e-4)
    assert list(second) == pytest.approx([-0.1876], abs=5e-4)
    assert list(third) == pytest.approx([-0.1876, -0.7503, -1.313], abs=5e-4)


def test_normalising_each_family_lets_costs_cancel_success() -> None:
    families = [[1, -1], [1, -1], [1, -1], [0, 0]]
    assert list(gdpo(families, [1, 1])) == near([0, 0, 0, 0])


@pytest.mark.parametrize(
    ("n", "nats"),
    [(2, 0.193), (4, 0.636), (8, 1.204), (16, 1.835), (64, 3.175), (256, 4.549)],
)
def test_divergence_of_best_of_n(n: int, nats: float) -> None:
    assert kl_of_best_of(n) == pytest.approx(nats, abs=5e-4)


def test_a_terminal_potential_would_flip_an_order() -> None:
    right, wrong = (
        [sum(shaping([0.5], after=after)) + r for r, after in zip(*pair, strict=True)]
        for pair in (([1.0, 0.9], [0, 0]), ([1.0, 0.9], [0, 0.9]))
    )
    assert right == near([0.5, 0.4])
    assert wrong == near([0.5, 1.3])
