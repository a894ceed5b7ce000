"""The HTTP request a scorer is asked for: how long it waits, whether it still does,
and where its time went.

Kept in a context variable, so that nothing between a view and the door to the workers
needs to pass it on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


def _stays() -> bool:
    return False


@dataclass
class Call:
    """`until` is on the monotonic clock; `is_gone()` says that the caller hung up;
    `spent` holds seconds by stage."""

    until: float | None = None
    is_gone: Callable[[], bool] = _stays
    spent: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.perf_counter)

    def left(self, seconds: float) -> float:
        """How much of `seconds` this call allows."""
        if self.until is None:
            return seconds
        return min(seconds, self.until - time.monotonic())

    def spend(self, stage: str, seconds: float) -> None:
        self.spent[stage] = self.spent.get(stage, 0.0) + seconds

    @contextmanager
    def spending(self, stage: str) -> Iterator[None]:
        """What the block takes."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.spend(stage, time.perf_counter() - began)


_current: ContextVar[Call | None] = ContextVar("call", default=None)


def begin(call: Call) -> Call:
    """Make this the call of the current thread."""
    _current.set(call)
    return call


def current() -> Call:
    """The call being answered; outside of one, a call without limits."""
    return _current.get() or Call()
