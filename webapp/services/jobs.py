"""Starting jobs, watching them, asking them to stop."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from scoring.errors import Cancelled
from webapp import jobs
from webapp.errors import Conflict
from webapp.models import Job, Project
from webapp.models.job import State


@transaction.atomic
def create(
    project: Project,
    *,
    kind: str,
    user: User | None,
    data: dict[str, Any],
    key: str | None = None,
) -> Job:
    """A queued job. The same key again is the same job, and nothing new starts.

    Raises:
        Conflict: the key stands for a job with another input.
    """
    fields = {"kind": kind, "input": data, "created_by": user}
    if not key:
        job, created = Job.objects.create(project=project, **fields), True
    else:
        job, created = Job.objects.get_or_create(
            project=project, idempotency_key=key[:128], defaults=fields
        )
    if (job.kind, job.input) != (kind, data):
        raise Conflict("this idempotency key stands for another request")
    if created:
        jobs.enqueue(job)
    return job


def cancel(job: Job) -> Job:
    """Ask a job to stop: at once while it waits, at its next report while it runs."""
    open_jobs = Job.objects.open().filter(pk=job.pk)
    open_jobs.update(cancel_requested=True)
    open_jobs.filter(state=State.QUEUED).update(
        state=State.CANCELLED, finished_at=Now()
    )
    job.refresh_from_db()
    return job


def report(job: Job, **progress: Any) -> None:
    """Write a running job's progress and renew its lease.

    Raises:
        Cancelled: somebody asked it to stop, or another worker has taken it over.
    """
    if not job.write(progress=progress):
        raise Cancelled("another worker has taken this job over")
    if Job.objects.filter(pk=job.pk, cancel_requested=True).exists():
        raise Cancelled("cancelled on request")
