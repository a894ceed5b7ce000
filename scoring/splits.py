"""Training, calibration and test sets by task, never by step or run.

Several runs of one task share its text and most of its states: split any finer and the
test set has been seen (prm.md, section 4). The split depends on the task's hash and the
seed alone, so the same tasks are always split the same way.
"""

import hashlib
from collections.abc import Iterable
from typing import Literal

Split = Literal["train", "calibration", "test"]

SHARES: tuple[tuple[Split, float], ...] = (
    ("train", 0.65),
    ("calibration", 0.15),
    ("test", 0.20),
)


def by_group(groups: Iterable[str], seed: int = 0) -> dict[str, Split]:
    """Each group's side; the groups are sorted by hash and cut at SHARES, so that even a
    small data set has something on every side (three groups or more)."""
    ordered = sorted(set(groups), key=lambda group: _rank(group, seed))
    count, start, sides = len(ordered), 0, {}
    for i, (side, share) in enumerate(SHARES):
        left = len(SHARES) - i - 1
        size = count - start if not left else max(1, round(share * count))
        sides.update(dict.fromkeys(ordered[start : start + size], side))
        start += size
    return sides


def _rank(group: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{group}".encode()).hexdigest()
