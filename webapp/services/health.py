"""Whether each part the product needs is there, told apart."""

import logging
from typing import Any

import redis
from django.db import DatabaseError, connection

from webapp import replicas, signs
from webapp.broker import broker
from webapp.models import RewardModel
from webapp.models.reward_model import ModelState

log = logging.getLogger(__name__)

# a replica that was there and isn't any more is spoken of for so long
MISSED_SECONDS = 600.0


def status() -> dict[str, dict[str, Any]]:
    """{"database", "broker", "worker", "scorer"}, each {"ok", "detail"}."""
    database, queue = _database(), _broker()
    alive = signs.alive() if queue["ok"] else {}
    champions = _champions() if database["ok"] else set()
    return {
        "database": database,
        "broker": queue,
        "worker": _worker(alive),
        "scorer": _scorers(alive, champions),
    }


def _database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        # anybody may ask; the error names hosts and accounts and belongs in the log
        log.exception("the database doesn't answer")
        return _part(False, f"{connection.vendor} doesn't answer")
    return _part(True, connection.vendor)


def _broker() -> dict[str, Any]:
    try:
        broker().ping()
    except redis.RedisError:
        return _part(False, "the broker doesn't answer")
    return _part(True, "answers")


def _worker(alive: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if "jobs" not in alive:
        return _part(False, "no worker is running: jobs wait in the queue")
    return _part(True, "takes jobs")


def _scorers(alive: dict[str, dict[str, Any]], champions: set[str]) -> dict[str, Any]:
    """Ready when one replica is; `replicas` are those alive, `missing` those that were
    there a moment ago."""
    live = [sign for name, sign in alive.items() if name.startswith(replicas.SCORER)]
    part = _part(*_readiness(live, champions))
    missing = len(_gone(alive)) if alive else 0
    if missing:
        part["detail"] += f"; {missing} of {len(live) + missing} replicas are away"
    return {**part, "replicas": len(live), "missing": missing}


def _readiness(live: list[dict[str, Any]], champions: set[str]) -> tuple[bool, str]:
    if not live:
        return False, "no scorer is running"
    if not any(sign.get("ready") for sign in live):
        return False, "the scorer is loading its backbone"
    if not champions:
        return False, "no model has been promoted yet"
    served = champions & {sha256 for sign in live for sha256 in sign.get("models", [])}
    if not served:
        return False, "the scorer hasn't loaded a champion yet"
    return True, f"serves {len(served)} of {len(champions)} champions"


def _gone(alive: dict[str, dict[str, Any]]) -> set[str]:
    names = {name.removeprefix(replicas.SCORER) for name in alive}
    return set(replicas.seen(MISSED_SECONDS)) - names


def _champions() -> set[str]:
    rows = RewardModel.objects.filter(state=ModelState.CHAMPION)
    return set(rows.values_list("sha256", flat=True))


def _part(ok: bool, detail: str) -> dict[str, Any]:
    return {"ok": ok, "detail": detail}
