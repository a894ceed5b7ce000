"""Returns and GAE of a group, by hand."""

import pytest

from scoring.rewards import DEFAULT, Signals, combine, trajectories

SURE = Signals(id="a", q=(0.9, 0.9), value=(0.5, 1.0), final=1.0)
LOST = Signals(id="b", q=(0.9, 0.0), value=(0.5, 0.0), final=0.0)
UNKNOWN = Signals(id="c", q=(0.9,))


def of(*signals: Signals, ended: str = "terminated", **by: float) -> list[dict]:  # type: ignore[type-arg]
    scores = [combine(one) for one in signals]
    return trajectories(scores, [ended] * len(scores), DEFAULT, **by)


def test_returns_are_the_rewards_still_to_come() -> None:
    sure, lost = of(SURE, LOST)

    assert sure["returns"] == pytest.approx([0.6, 0.6])
    assert lost["returns"] == pytest.approx([-0.8, -0.8])
    assert of(LOST, gamma=0.5)[0]["returns"] == pytest.approx([-0.4, -0.8])


def test_gae_compares_with_the_group_first_and_then_with_the_value_head() -> None:
    sure, _ = of(SURE, LOST, lam=1.0)
    # the mean total is -.1, V after the first step .6 * (2 * .5 - 1) = 0
    assert sure["gae"] == pytest.approx([0.7, 0.6])

    sure, _ = of(SURE, LOST, lam=0.0)
    assert sure["gae"] == pytest.approx([0.1, 0.6])


def test_a_run_cut_short_goes_on_with_its_value() -> None:
    [cut] = of(SURE, ended="truncated")

    assert cut["returns"] == pytest.approx([1.2, 1.2])


def test_what_is_unknown_stays_unknown() -> None:
    blind = Signals(id="d", q=(0.9, 0.9), value=(0.5, None), final=1.0)
    unknown, partly = of(UNKNOWN, blind)

    assert unknown == {"returns": None, "gae": None}
    assert partly["returns"] == pytest.approx([0.6, 0.6])
    assert partly["gae"] is None
