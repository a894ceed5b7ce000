"""A background thread that does one small thing every few seconds."""

import logging
import threading
from collections.abc import Callable

import redis
from django.db import DatabaseError, connections

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0


class Pulse(threading.Thread):
    """Calls `beat` at once and every `seconds` until stopped.

    A database or a broker that is away is no reason to end: the next beat tries again.
    """

    def __init__(self, beat: Callable[[], None], seconds: float = BEAT_SECONDS) -> None:
        super().__init__(daemon=True)
        self._beat = beat
        self._seconds = seconds
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._beat()
            except (DatabaseError, redis.RedisError, OSError) as error:
                log.warning("skipped a beat: %s", error)
            connections.close_all()
            self._stopped.wait(self._seconds)

    def stop(self) -> None:
        self._stopped.set()
