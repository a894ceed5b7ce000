"""What was looked up a moment ago, so that a trainer's every request needn't ask the
database again. Another process's change is seen within TOKEN_CACHE_SECONDS."""

import math
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from django.conf import settings

T = TypeVar("T")

MOST = 1_000


class Recent(Generic[T]):
    """Values by key, each good for a moment."""

    def __init__(self) -> None:
        self._found: dict[Hashable, tuple[float, T]] = {}

    def get(self, key: Hashable, find: Callable[[], T | None]) -> T | None:
        """The value of `find()`, from a moment ago if there was one."""
        now = time.monotonic()
        at, value = self._found.get(key, (-math.inf, None))
        if value is not None and now - at < settings.TOKEN_CACHE_SECONDS:
            return value
        value = find()
        if value is not None and settings.TOKEN_CACHE_SECONDS:
            if len(self._found) >= MOST:
                self._found.clear()
            self._found[key] = now, value
        return value

    def forget(self, key: Hashable) -> None:
        self._found.pop(key, None)
