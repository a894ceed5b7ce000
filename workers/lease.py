"""The lease a worker has on a job, renewed in the background while it works."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from celery.signals import worker_shutting_down

from webapp.models import Job
from workers.pulse import Pulse

WATCH_SECONDS = 2.0

# set once this worker has been asked to stop
stopping = threading.Event()


@worker_shutting_down.connect(weak=False)
def _stop(**_: object) -> None:
    stopping.set()


class Lease:
    """`lost`: another worker has the job by now. `cancelled`: a user wants it ended."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self.lost = threading.Event()
        self.cancelled = threading.Event()

    def renew(self) -> None:
        if not self._job.write():
            self.lost.set()
        if Job.objects.filter(pk=self._job.pk, cancel_requested=True).exists():
            self.cancelled.set()


@contextmanager
def held(job: Job) -> Iterator[Lease]:
    """Renew the lease of a claimed job until the block ends."""
    lease = Lease(job)
    pulse = Pulse(lease.renew, WATCH_SECONDS)
    pulse.start()
    try:
        yield lease
    finally:
        pulse.stop()
        # a beat under way must not outlive the job it speaks for
        pulse.join(WATCH_SECONDS)
