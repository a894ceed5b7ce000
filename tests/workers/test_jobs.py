"""The one task: jobs run once, whatever happens to their messages and workers."""

import io
import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from scoring.errors import Cancelled, ScoringError
from tests.factories import a_job, a_run
from tests.workers.conftest import age
from webapp.errors import NotReady
from webapp.models import Job, Project
from webapp.models.job import LEASE, State
from webapp.services import imports, uploads
from workers import ending, jobs, lease


@pytest.fixture
def upload(project: Project) -> Job:
    lines = "\n".join(json.dumps(a_run().to_dict()) for _ in range(3))
    stored = uploads.store(io.BytesIO(lines.encode()))
    return imports.start(project, user=None, upload=stored, filename="runs.jsonl")


def test_a_message_delivered_twice_does_the_work_once(
    project: Project, upload: Job
) -> None:
    jobs.run(str(upload.pk))
    jobs.run(str(upload.pk))
    upload.refresh_from_db()
    assert (upload.state, upload.attempt) == (State.DONE, 1)
    assert project.episodes.count() == upload.result["created"] == 3


def test_a_job_left_by_a_dead_worker_is_done_by_the_next(
    project: Project, upload: Job
) -> None:
    expired = timezone.now() - timedelta(minutes=5)
    age(upload, state=State.RUNNING, lease_until=expired, attempt=1)
    jobs.run(str(upload.pk))
    upload.refresh_from_db()
    assert (upload.state, upload.attempt) == (State.DONE, 2)


def test_a_message_for_a_deleted_job_is_nothing(project: Project, upload: Job) -> None:
    job_id = str(upload.pk)
    upload.delete()
    jobs.run(job_id)
    assert project.episodes.count() == 0


@pytest.mark.parametrize(
    ("error", "state", "told"),
    [
        (Cancelled("enough"), State.CANCELLED, ""),
        (ScoringError("no label fits"), State.FAILED, "no label fits"),
        (NotReady("the scorer starts"), State.QUEUED, "the scorer starts"),
        (KeyError("q"), State.FAILED, "unexpected KeyError: 'q'"),
    ],
)
def test_every_ending_is_written_in_words(
    project: Project, error: Exception, state: str, told: str
) -> None:
    def work(_: Job) -> None:
        raise error

    job = claimed(project)
    ending.settle(job, work)
    job.refresh_from_db()
    assert (job.state, job.error) == (state, told)


def test_a_stale_worker_ends_nothing(project: Project) -> None:
    stale = claimed(project)
    age(stale, lease_until=timezone.now() - timedelta(minutes=5))
    assert Job.objects.get(pk=stale.pk).claim()
    ending.settle(stale, lambda _: {"late": True})
    stale.refresh_from_db()
    assert (stale.state, stale.result) == (State.RUNNING, {})


def test_the_lease_is_renewed_while_the_work_goes_on(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "WATCH_SECONDS", 0.05)
    job = claimed(project)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())
    with lease.held(job):
        time.sleep(0.3)
    job.refresh_from_db()
    assert job.lease_until is not None
    assert job.lease_until > timezone.now() + LEASE / 2


def test_the_lease_says_when_it_is_lost_or_no_longer_wanted(project: Project) -> None:
    job = claimed(project)
    watched = lease.Lease(job)
    watched.renew()
    assert not watched.lost.is_set()
    assert not watched.cancelled.is_set()
    Job.objects.filter(pk=job.pk).update(fence=7, cancel_requested=True)
    watched.renew()
    assert watched.lost.is_set()
    assert watched.cancelled.is_set()


def claimed(project: Project) -> Job:
    job = a_job(project)
    assert job.claim()
    return job
