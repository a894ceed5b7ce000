"""How many steps a second the reward engine combines on one core.

    .venv/bin/python -m benchmarks.combine [--json]

Episodes of mixed length (1 to 200 steps) go through the numeric core as one ragged
batch; the second number is the whole Score, JSON-ready, one episode at a time.
"""

import json
import os
import sys
import time
from collections.abc import Callable

# one core: numpy's own threads would flatter the number
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from scoring.rewards import DEFAULT, Signals, combine
from scoring.rewards.cells import Batch, fill

EPISODES, REPEATS = 5_000, 5


def batch(rng: np.random.Generator) -> Batch:
    lengths = rng.integers(1, 201, EPISODES)
    steps = int(lengths.sum())
    q = rng.random(steps)
    q[rng.random(steps) < 0.05] = np.nan
    return Batch(
        lengths=lengths,
        q=q,
        auxiliary=-rng.random(steps),
        final=rng.random(EPISODES),
        preference=rng.random(EPISODES),
        tone=np.ones(EPISODES),
        violation=np.where(rng.random(EPISODES) < 0.05, 0, -1),
    )


def signals(rng: np.random.Generator, steps: int) -> Signals:
    return Signals("e", tuple(rng.random(steps).tolist()), final=1.0, social=0.5)


def best_time(work: Callable[[], object]) -> float:
    def once() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(once() for _ in range(REPEATS))


def main() -> None:
    rng = np.random.default_rng(0)
    many = batch(rng)
    rows = [signals(rng, 16) for _ in range(500)]
    core = len(many.q) / best_time(lambda: fill(many, DEFAULT))
    whole = 16 * len(rows) / best_time(lambda: [combine(row) for row in rows])
    if "--json" in sys.argv:
        print(json.dumps({"core_steps_per_s": core, "score_steps_per_s": whole}))
    else:
        print(f"combine: {core:,.0f} steps/s in the core, {whole:,.0f} as whole Scores")


if __name__ == "__main__":
    main()
