"""Numbers of the serving path, counted where they arise and summed up in the broker.

Every process of every host adds to one hash, so a restart loses nothing and nobody has
to be asked one by one. A process sends what it has counted once a second.
"""

import logging
import os
import threading
import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass

import redis

from webapp.broker import broker

log = logging.getLogger(__name__)

KEY = "pacenote:metrics"
SEND_SECONDS = 1.0

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_TOKENS = (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536)


@dataclass(frozen=True, slots=True)
class Kind:
    """A metric: what it says, the names of its labels, a histogram's upper bounds."""

    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


REPLICA = ("replica",)
KINDS = {
    "request_seconds": Kind("From request to answer.", ("status",), _SECONDS),
    "queue_seconds": Kind("How long a request stood in its lane.", REPLICA, _SECONDS),
    "compute_seconds": Kind("How long a batch was computed.", REPLICA, _SECONDS),
    "batch_tokens": Kind("Tokens of a batch, cached ones included.", REPLICA, _TOKENS),
    "episodes": Kind("Episodes scored.", REPLICA),
    "tokens": Kind("Tokens of the episodes scored.", REPLICA),
    "cached_tokens": Kind("Those that were not computed anew.", REPLICA),
    "late": Kind("Requests dropped because nobody waited any more.", REPLICA),
    "failed": Kind("Requests the model failed on.", REPLICA),
}


class Meter:
    """What this process has counted and not sent yet. A copy of it that a fork leaves
    in a child starts at nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._sender = 0

    def count(self, name: str, amount: float = 1, *labels: str) -> None:
        if amount:
            self._add({field(name, labels): amount})

    def observe(self, name: str, value: float, *labels: str) -> None:
        bounds = KINDS[name].bounds
        place = bisect_left(bounds, value)
        bound = str(bounds[place]) if place < len(bounds) else "+Inf"
        self._add({field(name, labels, bound): 1, field(name, labels, "sum"): value})

    def send(self) -> None:
        """Raises: redis.RedisError; then it is sent with the next."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            with broker().pipeline(transaction=True) as pipeline:
                for name, amount in counts.items():
                    pipeline.hincrbyfloat(KEY, name, amount)
                pipeline.execute()
        except redis.RedisError:
            with self._lock:
                self._counts.update(counts)
            raise

    def _add(self, counts: dict[str, float]) -> None:
        with self._lock:
            if self._sender != os.getpid():
                self._begin()
            for name, amount in counts.items():
                self._counts[name] += amount  # type: ignore[assignment]

    def _begin(self) -> None:
        self._sender = os.getpid()
        self._counts.clear()
        threading.Thread(target=self._send_for_ever, daemon=True).start()

    def _send_for_ever(self) -> None:
        is_sent = True
        while True:
            time.sleep(SEND_SECONDS)
            try:
                self.send()
                is_sent = True
            except redis.RedisError as error:
                if is_sent:
                    log.warning("metrics wait for the broker: %s", error)
                is_sent = False


METER = Meter()


def field(name: str, labels: tuple[str, ...], part: str = "") -> str:
    return "|".join([name, *(label.replace("|", "_") for label in labels), part])


def totals() -> dict[tuple[str, tuple[str, ...], str], float]:
    """(metric, labels, part) -> sum over all processes since the broker's data began.
    Parts of a histogram are its bounds, each counted alone, and "sum"."""
    found = {}
    for name, value in broker().hgetall(KEY).items():
        metric, *labels, part = str(name).split("|")
        if metric in KINDS:
            found[metric, tuple(labels), part] = float(value)
    return found
