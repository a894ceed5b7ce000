"""One can stop anywhere, keep the state, and go on from there as often as one likes."""

import pytest

from scoring.arena import Environment, act, expert, rollout
from scoring.arena.environment import MAX_STEPS
from scoring.arena.tasks import draw


def play(environment: Environment) -> list[tuple[str, float, bool]]:
    seen = []
    while not environment.done:
        seen.append(environment.step(expert(environment.state)))
    return seen


def test_a_snapshot_continues_the_same_way_twice_and_is_left_untouched():
    environment = Environment(seed=0, index=7)
    environment.step(expert(environment.state))
    snapshot = environment.state
    first = play(environment)
    environment.reset(snapshot)
    assert environment.state == snapshot
    assert play(environment) == first


def test_reset_without_a_state_starts_the_ticket_again():
    environment = Environment(seed=0, index=7)
    task = environment.reset()
    environment.step(act("hold"))
    assert environment.reset() == task
    assert environment.state.done == ()


def test_the_reward_comes_with_the_last_step_only():
    rewards = [reward for _, reward, _ in play(Environment(seed=0, index=1))]
    assert rewards == [0.0] * (len(rewards) - 1) + [1.0]


def test_an_agent_that_only_waits_is_cut_off():
    environment = Environment()
    rolled = rollout(environment, lambda _: act("hold"), draw("test"))
    assert rolled.episode.ended == "truncated"
    assert rolled.episode.outcome.success is False
    assert rolled.verdicts == (0, 0, *(-1,) * (MAX_STEPS - 2))
    with pytest.raises(RuntimeError, match="call reset"):
        environment.step(act("hold"))


def test_a_rollout_from_the_middle_gives_the_rest_of_the_episode():
    environment = Environment(seed=0, index=3)
    whole = rollout(environment, expert, draw("words"))
    environment.reset(whole.states[2])
    rest = rollout(environment, expert, draw("words"))
    assert rest.states == whole.states[2:]
    assert rest.verdicts == whole.verdicts[2:]


@pytest.mark.parametrize(
    ("action", "seen"),
    [
        (act("lookup_order", order="1"), "no order 1"),
        (act("lookup_customer", customer="C-1"), "no customer C-1"),
        (act("recall", key="returns limit"), "nothing stored"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_isnt_there_is_said_not_raised(action, seen):
    assert Environment().step(action)[0] == seen
