"""How work ends: every way a job can go, written to its row in words for people."""

import logging
from collections.abc import Callable
from typing import Any

import redis
from django.db import OperationalError
from django.db.models import F

from scoring.errors import Cancelled, ScoringError
from webapp.errors import AppError, Busy, NotReady
from webapp.models import Job
from webapp.models.job import State
from workers.failures import device_is_lost, disk_is_full, memory_is_full

log = logging.getLogger(__name__)

FULL = "paused: the disk is full. What is done is kept; it goes on once there is room"
LOST = "its device failed ({error}): a fresh process goes on where this one was"
NO_MEMORY = "there was not enough memory ({error}): it is tried again"

Work = Callable[[Job], dict[str, Any] | None]


def settle(job: Job, work: Work) -> None:
    """Do the work of a claimed job and write how it went.

    What may go better next time (a scorer that is starting, a locked database) puts the
    job back in the queue; its attempts are counted, so it can't go round for ever. So
    does a device that failed or is full: what had it, this process or another, is gone
    by then. A full disk is waited out, and is no attempt.
    """
    try:
        job.finish(State.DONE, result=work(job) or {}, error="")
    except Cancelled:
        job.finish(State.CANCELLED)
    except (NotReady, Busy, OperationalError, redis.RedisError) as error:
        put_back(job, str(error))
    except (ScoringError, AppError) as error:
        job.finish(State.FAILED, error=str(error))
    except Exception as error:
        if disk_is_full(error):
            return put_back(job, FULL, attempt=F("attempt") - 1)
        if device_is_lost(error):
            log.exception("%s lost its device", job)
            return put_back(job, LOST.format(error=_first_line(error)))
        if memory_is_full(error):
            return put_back(job, NO_MEMORY.format(error=_first_line(error)))
        log.exception("%s failed", job)
        job.finish(State.FAILED, error=f"unexpected {type(error).__name__}: {error}")


def _first_line(error: Exception) -> str:
    """CUDA's errors go on for a page about debugging."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def put_back(job: Job, reason: str, **fields: Any) -> None:
    """Queue the job again; the sweeper wakes it, or fails it out of attempts."""
    job.write(state=State.QUEUED, lease_until=None, error=reason, **fields)
