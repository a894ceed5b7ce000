"""What keeps jobs moving when a message, a worker or a broker was lost."""

from datetime import timedelta

from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from webapp import jobs
from webapp.broker import broker
from webapp.models import Job
from webapp.models.job import State
from webapp.services import sessions, tidying, traces

# younger ones have a message on its way
PATIENCE = timedelta(seconds=2)


def sweep() -> None:
    """Start the imports that are due; wake every job nobody works on, and end those
    nobody should; delete the files that nobody needs."""
    traces.sweep()
    sessions.sweep()
    tidying.sweep()
    idle = Job.objects.claimable()
    idle.filter(cancel_requested=True).update(
        state=State.CANCELLED, finished_at=Now(), lease_until=None
    )
    _give_up(idle.filter(attempt__gte=F("max_attempts")))
    # messages that wait already will do
    if broker().llen("jobs"):
        return
    old = idle.filter(created_at__lt=timezone.now() - PATIENCE)
    for job_id in old.order_by("created_at").values_list("pk", flat=True)[:100]:
        jobs.wake(job_id)


def _give_up(hopeless: QuerySet[Job]) -> None:
    for job in hopeless:
        reason = job.error or "its worker died each time"
        hopeless.filter(pk=job.pk).update(
            state=State.FAILED,
            error=f"gave up after {job.attempt} attempts: {reason}",
            finished_at=Now(),
            lease_until=None,
        )
