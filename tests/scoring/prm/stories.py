"""A tiny world of judged episodes: a step that says "poor" is wrong and spoils it."""

import random

from scoring.prm.examples import Example, split
from scoring.schema import Episode, Step

WORDS = {1: "good idea", 0: "fair idea", -1: "poor idea"}


def examples(tasks: int = 24, seed: int = 0) -> list[Example]:
    chance = random.Random(seed)
    episodes = [_episode(f"Task {i}", chance) for i in range(tasks)]
    splits = split((episode.group() for episode, _ in episodes), seed)
    return [
        Example(episode, verdicts, -1 not in verdicts, splits[episode.group()])
        for episode, verdicts in episodes
    ]


def _episode(task: str, chance: random.Random) -> tuple[Episode, tuple[int, ...]]:
    verdicts = tuple(chance.choices((1, 0, -1), (5, 2, 3), k=chance.randint(1, 4)))
    steps = [Step(t, text=f"{WORDS[v]} {t}") for t, v in enumerate(verdicts)]
    return Episode(task=task, steps=tuple(steps)), verdicts
