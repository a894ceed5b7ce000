"""Training, calibration and test sets by task, never by step or run.

Several runs of one task share its text and most of its states: split any finer and the
test set has been seen (arXiv 2603.14465 ships five runs a task). A task's side is read
off its hash, so it stays where it is while a data set grows: tomorrow's model is never
tested on a task that today's was trained on.
"""

import hashlib
from bisect import bisect
from collections.abc import Iterable
from typing import Literal

Split = Literal["train", "calibration", "test"]

TRAIN_SHARE, CALIBRATION_SHARE = 0.65, 0.15


def by_group(groups: Iterable[str], seed: int = 0) -> dict[str, Split]:
    """Each group's side. With three groups or more no side is left empty, with four or
    more two are trained on: the groups nearest to it move over."""
    ranked = sorted((_fraction(group, seed), group) for group in set(groups))
    ranks, count = [rank for rank, _ in ranked], len(ranked)
    first = min(max(bisect(ranks, TRAIN_SHARE), 2), count - 2)
    second = bisect(ranks, TRAIN_SHARE + CALIBRATION_SHARE)
    second = min(max(second, first + 1), count - 1)
    return {
        group: "train" if i < first else "calibration" if i < second else "test"
        for i, (_, group) in enumerate(ranked)
    }


def _fraction(group: str, seed: int) -> float:
    """A number in [0, 1) that depends on nothing but the two."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
