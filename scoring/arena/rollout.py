"""From a state and a policy to an Episode with its true verdicts."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scoring.arena.environment import Environment
from scoring.arena.oracle import succeeded, verdict
from scoring.arena.wording import word
from scoring.arena.world import KIND, MESSAGES, THOUGHTS, Action, State
from scoring.schema import Call, Episode, Outcome, Step, Tokens

Policy = Callable[[State], Action]

SYSTEM = "You answer tickets for a shop. Check the order and the rules before acting."
_PRICE_IN, _PRICE_OUT = 0.15e-6, 0.60e-6  # US dollars a token, of an imagined model


@dataclass(frozen=True, slots=True)
class Rollout:
    """An episode, one true verdict (-1, 0, +1) a step, and the state before each step
    followed by the last one: T steps, T verdicts, T + 1 states."""

    episode: Episode
    verdicts: tuple[int, ...]
    states: tuple[State, ...]

    @property
    def social(self) -> Mapping[str, bool]:
        """What happened to people in the run: {"rude", "leak"}."""
        return {"rude": self.states[-1].rude, "leak": self.states[-1].leaked}


def rollout(
    environment: Environment, policy: Policy, rng: random.Random, name: str = ""
) -> Rollout:
    """Run `policy` from the environment's present state to the end. `rng` only chooses
    the wording. The environment must not be done."""
    states, verdicts, steps = [environment.state], [], list[Step]()
    heard = ""
    read = _tokens(SYSTEM) + _tokens(environment.state.case.task)
    while not environment.done:
        action = policy(environment.state)
        verdicts.append(verdict(environment.state, action))
        observation, reward, _ = environment.step(action)
        step = _step(len(steps), action, heard, observation, reward, read, rng)
        steps.append(step)
        states.append(environment.state)
        heard = observation if action.name in MESSAGES else ""
        read += (step.tokens.outputs or 0 if step.tokens else 0) + _tokens(observation)
    return Rollout(
        _episode(name, tuple(steps), states[-1]), tuple(verdicts), tuple(states)
    )


def _episode(name: str, steps: tuple[Step, ...], end: State) -> Episode:
    return Episode(
        id=name,
        task=end.case.task,
        system=SYSTEM,
        agent="desk",
        steps=steps,
        outcome=Outcome(success=succeeded(end)),
        ended="terminated" if end.closed else "truncated",
        meta={"simulated": True},
    )


def _step(
    index: int,
    action: Action,
    heard: str,
    observation: str,
    reward: float,
    read: int,
    rng: random.Random,
) -> Step:
    thought, text = word(action, rng)
    calls = _calls(index, action, observation)
    written = _tokens(thought + text + "".join(str(c.arguments) for c in calls))
    return Step(
        index=index,
        kind=KIND[action.name],
        observation=heard,
        thought=thought,
        text=text,
        calls=calls,
        reward=reward,
        tokens=Tokens(read, written),
        cost=round(read * _PRICE_IN + written * _PRICE_OUT, 9),
    )


def _calls(index: int, action: Action, result: str) -> tuple[Call, ...]:
    if action.name in (*MESSAGES, *THOUGHTS):
        return ()
    error = result.startswith("no ")
    arguments = dict(action.arguments)
    return (Call(action.name, arguments, f"call-{index}", result, error),)


def _tokens(text: str) -> int:
    """About what a tokenizer would count: four characters a token."""
    return -(-len(text) // 4)
