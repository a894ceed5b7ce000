"""What is asked of a reader of tokens, and what it answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Run:
    """A run of tokens of which the states from position `start` on are wanted."""

    token_ids: Sequence[int]
    start: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """The states wanted, [len(token_ids) - start, width], on the CPU, and how many of
    the run's tokens had to be computed for it: the others were in the cache."""

    states: Tensor
    computed: int


class Reader(Protocol):
    """A frozen model. `arithmetic` names everything that decides a state's last bits
    but weights and number type."""

    arithmetic: str

    def read(self, runs: Sequence[Run]) -> Iterator[Reading]:
        """One reading a run, in order."""

    def forget(self) -> None:
        """Empty the cache, if there is one."""
