"""What a step says, as hashed n-grams of the very tokens the trunk reads.

A linear model on words knows what a frozen trunk blurs: this very tool, this very
phrase. With the trunk's tokens there is no second tokenizer to keep.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

BITS = 15
BUCKETS = 1 << BITS
LONGEST = 3  # tokens of an n-gram

_PRIME = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth 3, 6.4)


def counted(tokens: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The buckets a step's n-grams fall into, and 1 + log of how often each is hit: a
    word said ten times says little more than said twice."""
    places, counts = np.unique(_hashed(tokens), return_counts=True)
    return torch.from_numpy(places), torch.from_numpy(
        (1 + np.log(counts)).astype(np.float32)
    )


def _hashed(tokens: Sequence[int]) -> NDArray[np.int64]:
    ids = np.asarray(tokens, np.uint64)
    grams, found = np.zeros(len(ids), np.uint64), []
    for n in range(1, min(LONGEST, len(ids)) + 1):
        follows = ids[n - 1 :]
        grams = (grams[: len(follows)] + follows + np.uint64(1)) * _PRIME
        found.append(grams >> np.uint64(64 - BITS))
    return np.concatenate(found or [grams]).astype(np.int64)
