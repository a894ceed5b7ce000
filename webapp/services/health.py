"""Whether each part the product needs is there, told apart."""

import logging
from typing import Any

import redis
from django.db import DatabaseError, connection

from webapp import jobs
from webapp.models import RewardModel
from webapp.models.reward_model import ModelState

log = logging.getLogger(__name__)


def status() -> dict[str, dict[str, Any]]:
    """{"database", "broker", "worker", "scorer"}, each {"ok", "detail"}."""
    database, broker = _database(), _broker()
    signs = jobs.alive() if broker["ok"] else {}
    champions = _champions() if database["ok"] else set()
    return {
        "database": database,
        "broker": broker,
        "worker": _worker(signs),
        "scorer": _scorer(signs.get("scorer"), champions),
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
        jobs.broker().ping()
    except redis.RedisError:
        return _part(False, "the broker doesn't answer")
    return _part(True, "answers")


def _worker(signs: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if "jobs" not in signs:
        return _part(False, "no worker is running: jobs wait in the queue")
    return _part(True, "takes jobs")


def _scorer(sign: dict[str, Any] | None, champions: set[str]) -> dict[str, Any]:
    if sign is None:
        return _part(False, "no scorer is running")
    if not sign.get("ready"):
        return _part(False, "the scorer is loading its backbone")
    if not champions:
        return _part(False, "no model has been promoted yet")
    missing = champions - set(sign.get("models", []))
    if missing == champions:
        return _part(False, "the scorer hasn't loaded a champion yet")
    return _part(
        True, f"serves {len(champions - missing)} of {len(champions)} champions"
    )


def _champions() -> set[str]:
    rows = RewardModel.objects.filter(state=ModelState.CHAMPION)
    return set(rows.values_list("sha256", flat=True))


def _part(ok: bool, detail: str) -> dict[str, Any]:
    return {"ok": ok, "detail": detail}
