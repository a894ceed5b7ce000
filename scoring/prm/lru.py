"""What was used last, up to so many bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """A mapping that drops what was used least recently once `capacity` bytes, by its
    callers' own estimates, are exceeded. For one thread at a time."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.bytes = 0
        self._held = OrderedDict[K, tuple[V, int]]()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: K) -> V | None:
        """The value, now the one used last."""
        if key not in self._held:
            return None
        self._held.move_to_end(key)
        return self._held[key][0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keep a value of about `size` bytes, unless it alone is too large."""
        self.take(key)
        if size > self.capacity:
            return
        self._held[key] = value, size
        self.bytes += size
        while self.bytes > self.capacity:
            self.bytes -= self._held.popitem(last=False)[1][1]

    def take(self, key: K) -> V | None:
        """The value, which is no longer kept."""
        value, size = self._held.pop(key, (None, 0))
        self.bytes -= size
        return value

    def clear(self) -> None:
        self._held.clear()
        self.bytes = 0
