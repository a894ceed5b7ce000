"""Trainings, audits and evaluations, seen from the worker: a process of its own that
may be ended at any instant (workers/trainer.py is what runs in it)."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.models import F

from webapp import lock
from webapp.errors import Busy
from webapp.models import Job
from webapp.models.job import Kind, State
from workers import ending
from workers.lease import Lease, stopping

# How long a trainer may take to notice a cancel by itself, then to die of SIGTERM: with
# the two seconds of the lease's watch a cancel is over within five.
NOTICE_SECONDS = 1.5
GRACE_SECONDS = 1.0
# bytes free before anything is started: a checkpoint and features of some minutes
LEAST_FREE = 256 << 20
# by whether it is a training
LOCKS = {
    True: ("lock", "another training has the device: this one comes next"),
    False: (
        "audit-lock",
        "another audit, evaluation, import or export of a model runs: this one is next",
    ),
}


def run(job: Job, lease: Lease) -> None:
    """Have a claimed job done, one training at a time on this machine, and beside it
    one audit or evaluation, which needs little."""
    if shutil.disk_usage(settings.DATA_DIR).free < LEAST_FREE:
        return ending.put_back(job, ending.FULL, attempt=F("attempt") - 1)
    name, what = LOCKS[job.kind == Kind.TRAIN]
    try:
        with lock.held(settings.DATA_DIR / "training" / name, what):
            code = _train(job, lease)
    except Busy as error:
        # waiting for the device is no attempt
        return ending.put_back(job, str(error), attempt=F("attempt") - 1)
    if stopping.is_set():
        ending.put_back(job, "the worker was stopped", attempt=F("attempt") - 1)
    elif lease.cancelled.is_set():
        job.finish(State.CANCELLED)
    elif code < 0:
        name = signal.Signals(-code).name
        ending.put_back(job, f"its process died of {name} (out of memory?)")
    elif code > 0:
        told = f"its process ended with code {code}: see the worker's log"
        job.finish(State.FAILED, error=told)


def _train(job: Job, lease: Lease) -> int:
    with _trainer(job) as process:
        while process.poll() is None and not (stopping.is_set() or lease.lost.is_set()):
            if lease.cancelled.is_set():
                _wait(process, NOTICE_SECONDS)
                break
            time.sleep(0.2)
    return process.returncode


@contextmanager
def _trainer(job: Job) -> "Iterator[subprocess.Popen[bytes]]":
    """The process, which has ended when the block has."""
    command = [sys.executable, "-m", "workers.trainer", str(job.pk), str(job.fence)]
    process = subprocess.Popen([*command, str(os.getpid())])  # noqa: S603
    try:
        yield process
    finally:
        process.terminate()
        _wait(process, GRACE_SECONDS)
        process.kill()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
