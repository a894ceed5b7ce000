"""The stream of labelled runs: several per task, some clean, some faulty."""

import random
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from scoring.arena.environment import Environment
from scoring.arena.faults import FAULTS, Fault
from scoring.arena.oracle import OPTIONAL, expert, harmless, verdict
from scoring.arena.rollout import rollout
from scoring.arena.tasks import draw
from scoring.arena.world import Action, State
from scoring.schema import Episode

FAULTY = 0.62  # tried; a fault finds no opening in some of those
IDLE = 0.2  # chance that an early step of any run is harmless but needless
HURRY = 7  # steps after which agents leave out what is optional


@dataclass(frozen=True, slots=True)
class Run:
    """One simulated episode and the truth about it: a verdict (-1, 0, +1) for each
    step, the injected fault (None for an expert's run) and what it did to people."""

    episode: Episode
    verdicts: tuple[int, ...]
    fault: str | None
    social: Mapping[str, bool]


def generate(count: int, seed: int = 0) -> Iterator[Run]:
    """The first `count` runs of an endless stream that depends on `seed` alone."""
    made, index = 0, 0
    while made < count:
        for _ in range(min(draw("runs", seed, index).randint(3, 5), count - made)):
            yield run(seed, index, made)
            made += 1
        index += 1


def run(seed: int, index: int, number: int) -> Run:
    """Run `number` of the stream, on task `index`."""
    rng = draw("run", seed, number)
    name = _draw_fault(rng) if rng.random() < FAULTY else None
    agent = Agent(rng, FAULTS[name] if name else None)
    words = draw("words", seed, number)
    rolled = rollout(Environment(seed, index), agent, words, f"arena-{number:05d}")
    fault = name if agent.went_wrong else None
    return Run(rolled.episode, rolled.verdicts, fault, rolled.social)


def _draw_fault(rng: random.Random) -> str:
    return rng.choices(list(FAULTS), [fault.weight for fault in FAULTS.values()])[0]


class Agent:
    """A policy with a character: which optional steps it leaves out, how often it
    idles, and the fault that may take hold of it."""

    def __init__(self, rng: random.Random, fault: Fault | None = None) -> None:
        self.went_wrong = False
        self._rng = rng
        self._fault = fault
        self._skips: Set[str] = self._character(rng)
        recovers = fault is not None and rng.random() < fault.recovers
        self._left = rng.randint(2, fault.lasts) if fault and recovers else 99

    @staticmethod
    def _character(rng: random.Random) -> Set[str]:
        return {name for name in sorted(OPTIONAL) if rng.random() < 0.4}

    def __call__(self, state: State) -> Action:
        hurried = len(state.done) >= HURRY
        if hurried:
            self._skips = OPTIONAL
        right = expert(state, self._skips)
        misled = self._misled(state, right)
        if misled is not None:
            return misled
        idle = () if hurried else harmless(state)
        if idle and self._rng.random() < IDLE:
            return self._rng.choice(idle)
        return right

    def _misled(self, state: State, right: Action) -> Action | None:
        """The faulty action, once the fault has set in and while it holds."""
        if self._fault is None or self._left == 0:
            return None
        action = self._fault.mislead(state, self._skips, self._rng)
        if not self.went_wrong:
            bad = action != right and verdict(state, action) < 1
            if not bad or self._rng.random() < 0.3:
                return None
            self.went_wrong = True
        self._left -= 1
        return action
