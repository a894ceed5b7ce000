"""Which scorers live, and which of them an episode belongs to."""

import hashlib
import json
import time
from collections.abc import Collection, Mapping
from typing import Any, cast

from scoring.schema import Episode
from webapp.broker import broker
from webapp.signs import SIGN

# when each replica was last seen; outlives its sign
SEEN = "pacenote:score:seen"
SCORER = "scorer:"
# a replica not seen for longer isn't coming back by itself: nobody waits for it
GRACE_SECONDS = 30.0
# of the list of replicas a process keeps
FRESH_SECONDS = 0.5
# enough of a task to tell it from others
TASK_PREFIX = 256

Signs = Mapping[str, Mapping[str, Any]]
_kept: tuple[float, dict[str, dict[str, Any]]] = (0.0, {})


def live() -> dict[str, dict[str, Any]]:
    """The replicas that gave a sign of life of late: name -> what they said.

    Where none did, those that were there a moment ago: their successors answer what
    waits for them. None at all: nobody would ever answer.
    """
    global _kept  # noqa: PLW0603 - one short memory a process
    now = time.monotonic()
    if now - _kept[0] > FRESH_SECONDS:
        _kept = now, _look()
    return _kept[1]


def enrol(name: str) -> None:
    """Say that this replica is there; its sign says what it has to offer."""
    broker().zadd(SEEN, {name: time.time()})


def forget() -> None:
    """Look again at the next question."""
    global _kept  # noqa: PLW0603
    _kept = 0.0, {}


def seen(within: float) -> dict[str, float]:
    """Names of the replicas seen within so many seconds: when, in Unix seconds."""
    since = time.time() - within
    rows = broker().zrangebyscore(SEEN, since, "+inf", withscores=True)
    return dict(cast("list[tuple[str, float]]", rows))


def signs(names: Collection[str]) -> dict[str, dict[str, Any]]:
    """What each of these replicas that lives says of itself."""
    ordered = sorted(names)
    found = broker().mget([f"{SIGN}{SCORER}{name}" for name in ordered] or ["-"])
    pairs = zip(ordered, found, strict=False)
    return {name: json.loads(sign) for name, sign in pairs if sign}


def home(episode: Episode, replicas: Collection[str]) -> str:
    """The replica an episode belongs to: rendezvous hashing (Thaler and Ravishankar,
    1998), so that a growing run finds its own cache, and a replica that comes or goes
    moves only its own share."""
    key = f"{episode.id}\0{episode.task[:TASK_PREFIX]}".encode()
    digest = hashlib.blake2b(key, digest_size=16).digest()
    return max(replicas, key=lambda name: _weight(name, digest))


def _weight(name: str, digest: bytes) -> bytes:
    return hashlib.blake2b(digest, key=name.encode()[:64], digest_size=8).digest()


def _look() -> dict[str, dict[str, Any]]:
    names = seen(GRACE_SECONDS)
    return signs(names) or {name: {} for name in names}
