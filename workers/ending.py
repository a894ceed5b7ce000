"""How work ends: every way a job can go, written to its row in words for people."""

import errno
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

log = logging.getLogger(__name__)

# no space, over the quota, over the largest file a process may write
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FULL = "paused: the disk is full. What is done is kept; it goes on once there is room"

Work = Callable[[Job], dict[str, Any] | None]


def settle(job: Job, work: Work) -> None:
    """Do the work of a claimed job and write how it went.

    What may go better next time (a scorer that is starting, a locked database) puts the
    job back in the queue; its attempts are counted, so it can't go round for ever. A
    full disk is waited out, and is no attempt.
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
        log.exception("%s failed", job)
        job.finish(State.FAILED, error=f"unexpected {type(error).__name__}: {error}")


def disk_is_full(error: Exception) -> bool:
    """Whether a write failed for want of room; safetensors tells it in words only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in NO_ROOM
    return any(f"os error {number})" in str(error) for number in NO_ROOM)


def put_back(job: Job, reason: str, **fields: Any) -> None:
    """Queue the job again; the sweeper wakes it, or fails it out of attempts."""
    job.write(state=State.QUEUED, lease_until=None, error=reason, **fields)
