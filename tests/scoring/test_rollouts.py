import random
from dataclasses import dataclass

import pytest

from scoring.arena import Environment, act, expert, rollout
from scoring.errors import Cancelled
from scoring.rollouts import Estimate, estimate


def wrong(state):
    return act("close") if len(state.done) >= 2 else expert(state)


def test_from_every_state_of_an_expert_the_expert_succeeds():
    environment = Environment(seed=0, index=1)
    rolled = rollout(environment, expert, random.Random(0))
    found = estimate(environment, rolled.states[1:], True, expert, runs=1)
    assert [e.value for e in found] == [1.0] * len(rolled.verdicts)
    assert {e.verdict for e in found} == {1}


def test_after_a_ticket_closed_too_soon_nothing_succeeds():
    environment = Environment(seed=0, index=1)
    rolled = rollout(environment, wrong, random.Random(0))
    assert rolled.verdicts[-1] == -1
    found = estimate(environment, rolled.states[1:], False, expert, runs=3)
    assert found[0].value == 1.0
    assert found[-1] == Estimate(0, 1)
    assert found[-1].verdict == -1


@dataclass
class Coin:
    """An environment of somebody else's: guess the next toss; heads win."""

    state: int = 0
    chance: random.Random = None

    @property
    def done(self) -> bool:
        return self.state >= 2

    def reset(self, state: int | None = None) -> str:
        self.state = state or 0
        return "toss"

    def step(self, action: int) -> tuple[str, float, bool]:
        self.state += 1
        return "tossed", float(self.chance.random() < 0.3), self.done


def test_any_environment_that_can_be_put_back_will_do():
    coin, told = Coin(chance=random.Random(0)), []
    [first, last] = estimate(coin, [1, 2], True, lambda state: 0, 200, told.append)
    assert first.value == pytest.approx(0.3, abs=0.1)
    assert first.verdict == 1
    assert last == Estimate(1, 1)
    assert told == [1, 2]
    assert last.weight < first.weight < 1


def test_report_may_stop_it():
    def stop(done: int) -> None:
        raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        estimate(Coin(chance=random.Random(0)), [1, 1], True, lambda s: 0, 1, stop)


def test_no_runs_are_no_estimate():
    with pytest.raises(ValueError, match="at least one run"):
        estimate(Coin(), [1], True, lambda state: 0, runs=0)
