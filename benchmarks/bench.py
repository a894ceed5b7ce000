"""What the benchmarks of the engine share: runs of a length, ours, a peer, turns."""

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import models, table
from benchmarks.table import Row
from scoring.prm.backbone import Trunk
from scoring.prm.card import Model, save_model
from scoring.prm.engine import Engine
from scoring.prm.foreign import Foreign
from scoring.schema import Episode, Step

WORDS = (
    *("the", "clerk", "looked", "order", "seven", "up", "and", "refunded", "it"),
    "now",
)
# of the default backbone: a word of the above, and what the template adds to a step
WORD_TOKENS, STEP_TOKENS = 1.1, 4


class Bench:
    """Ours and the peers over one trunk; rows are printed as they come."""

    def __init__(self, trunk: Trunk, folder: Path, repeats: int) -> None:
        self.trunk, self.repeats = trunk, repeats
        self.engine = Engine(trunk)
        random_one, _ = save_model(models.random(trunk), trunk, {}, folder)
        self.model: Model | Foreign = self.engine.load(random_one)
        self.rows: list[Row] = []

    def ours(self, episodes: Sequence[Episode], *, cold: bool = True) -> list[Any]:
        if cold:
            self.engine.forget()
        return self.engine.predict(episodes, self.model)

    @torch.inference_mode()
    def peer(self, batch: Sequence[Sequence[int]]) -> torch.Tensor:
        """[B, longest, d], padded on the right, as a data collator does it."""
        longest = max(map(len, batch))
        ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in batch])
        mask = torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in batch])
        alone = len(batch) == 1
        states: torch.Tensor = self.trunk.model(
            ids, attention_mask=None if alone else mask, use_cache=False
        ).last_hidden_state
        return states

    def compare(
        self, what: str, ours: Callable[[], Any], peer: Callable[[], Any], bar: str
    ) -> None:
        """Time both in turn and add the row."""
        ours()  # oneDNN compiles its kernels in the first call
        pairs = [(seconds(ours), seconds(peer)) for _ in range(self.repeats)]
        mine, theirs = zip(*pairs, strict=True)
        self.add(table.paired(what, mine, theirs, bar))

    def add(self, row: Row) -> None:
        self.rows.append(row)
        print(row, flush=True)


def episode(tokens: int, steps: int, seed: int = 0) -> Episode:
    """About so many tokens, in steps of equal length."""
    dice = random.Random(seed)
    words = max(1, round(((tokens - 8) / steps - STEP_TOKENS) / WORD_TOKENS))
    return Episode(
        task=f"Refund order {seed}",
        steps=tuple(
            Step(t, text=" ".join(dice.choices(WORDS, k=words))) for t in range(steps)
        ),
    )


def seconds(work: Callable[[], Any]) -> float:
    """Of the process's own, where it has one thread: what others take doesn't count."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    work()
    return clock() - started
