"""The single door to the workers.

Jobs are rows; `enqueue` sends a wake-up by name once the row is committed, and if the
broker is down the sweeper sends it later. Predictions are asked of a scorer through
lists in Redis: many small requests, answered in micro-batches (workers/scorer.py).
"""

import logging
import time
import uuid
from collections.abc import Sequence

import orjson
import redis
from celery.exceptions import OperationalError
from django.db import transaction

from scoring.schema import Episode, Prediction
from webapp import replicas
from webapp.broker import broker
from webapp.errors import NotReady
from webapp.lanes import INTERACTIVE, Lanes
from webapp.models import Job
from webapp.questions import NO_BROKER, Question
from webapp.recent import Promise
from workers.app import app

log = logging.getLogger(__name__)

WARM_SECONDS = 60


def enqueue(job: Job) -> None:
    """Wake a worker for the job once the current transaction is committed."""
    transaction.on_commit(lambda: wake(job.pk))


def wake(job_id: uuid.UUID) -> None:
    """Send the wake-up; a broker that is down costs a second and loses nothing."""
    try:
        app.send_task("jobs.run", [str(job_id)])
    except (OperationalError, redis.RedisError, OSError):
        log.warning("no broker: job %s waits for the sweeper", job_id)


def ask(
    model_sha256: str,
    episodes: Sequence[Episode],
    seconds: float,
    lane: str = INTERACTIVE,
    promise: Promise | None = None,
) -> Question:
    """Put a question to the scorers; its `answers()` waits for what they say.

    Raises:
        Superseded: the promise no longer holds.
        NotReady: no broker, or no scorer.
        Busy: so much waits already that the answer would come too late.
    """
    try:
        question = Question(model_sha256, episodes, seconds, lane, promise)
        question.send(replicas.live())
    except redis.RedisError as error:
        raise NotReady(NO_BROKER) from error
    return question


def predict(
    model_sha256: str,
    episodes: Sequence[Episode],
    seconds: float,
    lane: str = INTERACTIVE,
) -> list[Prediction]:
    """Ask the scorers for one model's predictions, one an episode, in order.

    Raises:
        NotReady: no broker, no scorer, or no answer within `seconds`.
        Busy: too much waits already.
        Invalid: the scorer refused, e.g. the model's files are missing.
    """
    return ask(model_sha256, episodes, seconds, lane).answers()


def warm(model_sha256: str) -> None:
    """Have every scorer load a model once the current transaction is committed, before
    the first question comes; without a scorer nothing is lost."""

    def send() -> None:
        try:
            for replica in replicas.live():
                raw = _warming(model_sha256)
                Lanes(broker(), replica).push(INTERACTIVE, raw, float("inf"))
        except redis.RedisError:
            log.warning("no broker: the scorer loads %s when asked", model_sha256[:8])

    transaction.on_commit(send)


def _warming(model_sha256: str) -> str:
    now, request_id = time.time(), uuid.uuid4().hex
    body = {
        "reply": f"pacenote:score:reply:{request_id}",
        "model": model_sha256,
        "at": now,
        "deadline": now + WARM_SECONDS,
        "episodes": [],
    }
    return request_id + orjson.dumps(body).decode()
