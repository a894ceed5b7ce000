"""What was looked up a moment ago, so that a trainer's every request needn't ask the
database again. Another process's change is seen within TOKEN_CACHE_SECONDS, and at once
where it is announced as a new edition."""

import logging
import math
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import redis
from django.conf import settings
from django.db import transaction

from webapp.broker import broker

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST = 1_000
_EDITION = "pacenote:edition:"


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


class Superseded(Exception):
    """What was remembered has been announced to have changed."""


@dataclass(frozen=True, slots=True)
class Promise:
    """That what goes by `name` is as it was when this was its edition. Whoever relies
    on it looks at `key` together with the next thing they ask the broker anyway."""

    name: str
    edition: str

    @property
    def key(self) -> str:
        return f"{_EDITION}{self.name}"

    def check(self, found: str | None) -> None:
        """Raises: Superseded."""
        if (found or "") != self.edition:
            raise Superseded(self.name)


def edition(name: str) -> str:
    """How often what goes by this name has been announced to have changed. Ask before
    you look it up, and keep what you find under both.

    Raises: redis.RedisError.
    """
    return cast("str | None", broker().get(f"{_EDITION}{name}")) or ""


def announce(name: str) -> None:
    """Have every process look it up anew once the current transaction is committed;
    without a broker they do so within TOKEN_CACHE_SECONDS."""

    def send() -> None:
        try:
            broker().incr(f"{_EDITION}{name}")
        except redis.RedisError:
            log.warning("no broker: a change of %s is seen a little later", name)

    transaction.on_commit(send)
