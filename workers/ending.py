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
# what torch says when a GPU, or one of the libraries that drive it, fails
CUDA_ERRORS = ("CUDA error", "CUDNN_STATUS", "cuDNN error", "CUBLAS_STATUS", "NCCL")
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "STATUS_ALLOC_FAILED")
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


def disk_is_full(error: Exception) -> bool:
    """Whether a write failed for want of room; safetensors tells it in words only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in NO_ROOM
    return any(f"os error {number})" in str(error) for number in NO_ROOM)


def device_is_lost(error: Exception) -> bool:
    """Whether a GPU failed in a way that leaves nothing to this process: after any CUDA
    error but a want of memory, all it computes there fails, or is wrong."""
    told = str(error).startswith(CUDA_ERRORS)
    return isinstance(error, RuntimeError) and told and not memory_is_full(error)


def memory_is_full(error: Exception) -> bool:
    """Whether memory ran out, a GPU's or this machine's; told by words, as torch does,
    which isn't loaded where jobs are handed out."""
    if isinstance(error, RuntimeError):
        return any(words in str(error) for words in OUT_OF_MEMORY)
    return isinstance(error, MemoryError)


def _first_line(error: Exception) -> str:
    """CUDA's errors go on for a page about debugging."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def put_back(job: Job, reason: str, **fields: Any) -> None:
    """Queue the job again; the sweeper wakes it, or fails it out of attempts."""
    job.write(state=State.QUEUED, lease_until=None, error=reason, **fields)
