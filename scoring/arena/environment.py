"""The arena as an environment one can step, stop and continue from any state."""

from scoring.arena.oracle import succeeded
from scoring.arena.tasks import case
from scoring.arena.world import Action, State, transition

MAX_STEPS = 16


class Environment:
    """A ticket of the help desk. The reward is 1.0 for a ticket closed with everything
    right, else 0.0, and comes with the last step only."""

    def __init__(self, seed: int = 0, index: int = 0) -> None:
        self._start = State(case(seed, index))
        self._state = self._start

    @property
    def state(self) -> State:
        """The full hidden state: a frozen value, so a snapshot needs no copy."""
        return self._state

    @property
    def done(self) -> bool:
        return self._state.closed or len(self._state.done) >= MAX_STEPS

    def reset(self, state: State | None = None) -> str:
        """Go to a snapshot, or to the start of the ticket; returns the task's text."""
        self._state = state or self._start
        return self._state.case.task

    def step(self, action: Action) -> tuple[str, float, bool]:
        """Act; returns (observation, reward, done).

        Raises:
            RuntimeError: the ticket is closed, or out of steps.
        """
        if self.done:
            raise RuntimeError("the episode has ended; call reset()")
        self._state, observation = transition(self._state, action)
        return observation, float(succeeded(self._state)), self.done
