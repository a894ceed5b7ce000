"""Signs of life: what lets pages, routing and /readyz say which worker is missing."""

import json
import os
from typing import Any

import redis

from webapp.broker import broker

SIGN = "pacenote:alive:"
# a worker renews its sign every second or few; it is dead when the key expires
SIGN_SECONDS = 15
SCORER_SIGN_SECONDS = 3


def give(name: str, facts: dict[str, Any], seconds: int = SIGN_SECONDS) -> None:
    """Say that worker `name` lives, and what it has to offer, for the next seconds."""
    broker().set(f"{SIGN}{name}", json.dumps({"pid": os.getpid(), **facts}), ex=seconds)


def take_back(name: str) -> None:
    broker().delete(f"{SIGN}{name}")


def alive() -> dict[str, dict[str, Any]]:
    """The workers that gave a sign of life of late: name -> what they said."""
    try:
        keys = sorted(broker().scan_iter(f"{SIGN}*"))
        values = broker().mget(keys) if keys else []
    except redis.RedisError:
        return {}
    pairs = zip(keys, values, strict=True)
    return {key.removeprefix(SIGN): json.loads(sign) for key, sign in pairs if sign}
