"""Answers that are long to work out, kept for a minute where there is much to count."""

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

SECONDS = 60
# scores from which an answer a minute old is better than one a second late
MANY = 20_000

T = TypeVar("T")


def for_a_minute(key: str, make: Callable[[], T], size: Callable[[T], int]) -> T:
    """What `make` gives, or gave less than a minute ago; small answers are never kept.

    The cache is the process's own: nobody but us writes what is read back.
    """
    found: T | None = cache.get(key)
    if found is None:
        found = make()
        if size(found) >= MANY:
            cache.set(key, found, SECONDS)
    return found
