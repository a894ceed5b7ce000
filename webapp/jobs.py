"""The single door to the workers.

Jobs are rows; `enqueue` sends a wake-up by name once the row is committed, and if the
broker is down the sweeper sends it later. Predictions are asked of the scorer through
a Redis list: many small requests, answered in micro-batches (workers/scorer.py).
"""

import json
import logging
import time
import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

import redis
from celery.exceptions import OperationalError
from django.conf import settings
from django.db import transaction

from scoring.schema import Episode, Prediction
from webapp.errors import Busy, Invalid, NotReady
from webapp.models import Job
from workers.app import app

log = logging.getLogger(__name__)

SCORE_QUEUE = "pacenote:score"
MAX_WAITING = 2_000
WARM_SECONDS = 60
# a worker renews its sign of life every few seconds; it is dead when the key expires
ALIVE = "pacenote:alive:"
ALIVE_SECONDS = 15


@cache
def broker() -> redis.Redis:
    """One pooled client a process."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_connect_timeout=0.5,
        health_check_interval=30,
    )


def enqueue(job: Job) -> None:
    """Wake a worker for the job once the current transaction is committed."""
    transaction.on_commit(lambda: wake(job.pk))


def wake(job_id: uuid.UUID) -> None:
    """Send the wake-up; a broker that is down costs a second and loses nothing."""
    try:
        app.send_task("jobs.run", [str(job_id)])
    except (OperationalError, redis.RedisError, OSError):
        log.warning("no broker: job %s waits for the sweeper", job_id)


def alive() -> dict[str, dict[str, Any]]:
    """The workers that gave a sign of life of late: name -> what they said."""
    try:
        keys = sorted(broker().scan_iter(f"{ALIVE}*"))
        values = broker().mget(keys) if keys else []
    except redis.RedisError:
        return {}
    pairs = zip(keys, values, strict=True)
    return {key.removeprefix(ALIVE): json.loads(v) for key, v in pairs if v}


def predict(
    model_sha256: str, episodes: Sequence[Episode], seconds: float
) -> list[Prediction]:
    """Ask the scorer for one model's predictions, one an episode, in order.

    Raises:
        NotReady: no broker, no scorer, or no answer within `seconds`.
        Busy: too many requests wait already.
        Invalid: the scorer refused, e.g. the model's files are missing.
    """
    reply = f"{SCORE_QUEUE}:reply:{uuid.uuid4().hex}"
    request = {
        "reply": reply,
        "model": model_sha256,
        "deadline": time.time() + seconds,
        "episodes": [episode.to_dict() for episode in episodes],
    }
    try:
        answer = _ask(json.dumps(request), reply, seconds)
    except redis.RedisError as error:
        raise NotReady("the broker doesn't answer; is `make up` running?") from error
    if answer is None:
        raise NotReady(f"the scorer gave no answer within {seconds:g} s")
    if "error" in answer:
        raise Invalid(answer["error"])
    return [Prediction.from_dict(row) for row in answer["predictions"]]


def warm(model_sha256: str) -> None:
    """Have the scorer load a model once the current transaction is committed, before
    the first question comes; without a scorer nothing is lost."""
    request = {
        "reply": f"{SCORE_QUEUE}:reply:{uuid.uuid4().hex}",
        "model": model_sha256,
        "deadline": time.time() + WARM_SECONDS,
        "episodes": [],
    }

    def ask() -> None:
        try:
            broker().lpush(SCORE_QUEUE, json.dumps(request))
        except redis.RedisError:
            log.warning("no broker: the scorer loads %s when asked", model_sha256[:8])

    transaction.on_commit(ask)


def _ask(request: str, reply: str, seconds: float) -> dict[str, Any] | None:
    if broker().llen(SCORE_QUEUE) >= MAX_WAITING:
        raise Busy("too many requests are waiting for the scorer")
    broker().lpush(SCORE_QUEUE, request)
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        # in slices shorter than the socket's timeout, by which a dead broker is told
        if answer := broker().blpop([reply], timeout=min(left, 2.0)):
            return cast("dict[str, Any]", json.loads(answer[1]))
    return None
