"""Monte-Carlo labels: how often a policy still succeeds from where a step has led.

Needs an environment that can be put back into a state it was in. `scoring.arena` has
one; a user's own only has to look like `Resettable`. What comes out estimates V after
each step (Math-Shepherd, 2312.08935), a label of the type `value`: it says where the
policy would get to, not whether the step was right. Such labels have the provenance
`rollout` and weigh less the fewer runs they rest on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

State = TypeVar("State")
Action = TypeVar("Action")
Action_contra = TypeVar("Action_contra", contravariant=True)

# in runs: an estimate from as many weighs half as much as a certain one
PRIOR_RUNS = 4.0


class Resettable(Protocol[State, Action_contra]):
    """The port: an environment of one task, with its full state as a value.

    `reset(state)` puts it where it was, and must make no difference between a state
    reached just now and one kept since; `step` returns (observation, reward, done), and
    an episode succeeds if a reward of at least 1 comes with its end.
    """

    @property
    def done(self) -> bool: ...

    def reset(self, state: State | None = None) -> Any: ...

    def step(self, action: Action_contra) -> tuple[Any, float, bool]: ...

    @property
    def state(self) -> State: ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of `runs` continuations `successes` succeeded; none were needed (`runs` 1) where
    the episode had ended."""

    successes: int
    runs: int

    @property
    def value(self) -> float:
        """V after the step, in [0, 1]."""
        return self.successes / self.runs

    @property
    def verdict(self) -> int:
        """Math-Shepherd's hard label: +1 if anything still succeeds, else -1."""
        return 1 if self.successes else -1

    @property
    def weight(self) -> float:
        """In (0, 1): runs / (runs + PRIOR_RUNS)."""
        return self.runs / (self.runs + PRIOR_RUNS)


def estimate(
    environment: Resettable[State, Action],
    states: Sequence[State],
    success: bool,
    policy: Callable[[State], Action],
    runs: int,
    report: Callable[[int], None] = lambda done: None,
) -> list[Estimate]:
    """One estimate a step; `states` are those after each step, T of them, `success`
    how the run itself ended.

    `policy` continues from each of them `runs` times (a deterministic one needs one);
    `report` hears how many steps are done and may raise to stop.

    Raises:
        ValueError: no run at all was asked for.
    """
    if runs < 1:
        raise ValueError("an estimate rests on at least one run")
    return list(_estimates(environment, states, success, policy, runs, report))


def _estimates(
    environment: Resettable[State, Action],
    states: Sequence[State],
    success: bool,
    policy: Callable[[State], Action],
    runs: int,
    report: Callable[[int], None],
) -> Iterator[Estimate]:
    for done, state in enumerate(states, 1):
        environment.reset(state)
        ended = environment.done
        tries = 1 if ended else runs
        won = sum(_continued(environment, state, policy) for _ in range(tries))
        yield Estimate(int(success) if ended else won, tries)
        report(done)


def _continued(
    environment: Resettable[State, Action],
    state: State,
    policy: Callable[[State], Action],
) -> bool:
    environment.reset(state)
    reward = 0.0
    while not environment.done:
        _, reward, _ = environment.step(policy(environment.state))
    return reward >= 1
