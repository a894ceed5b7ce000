"""Job rows: one holder at a time, whatever dies or repeats."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests import factories
from webapp.models import Job, Project


@pytest.fixture
def job(project: Project) -> Job:
    return factories.a_job(project)


def lose_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until="2000-01-01T00:00Z")


def test_a_claimed_job_is_running_under_a_lease(job: Job) -> None:
    assert job.claim()
    assert (job.state, job.attempt, job.fence) == ("running", 1, 1)
    assert not Job.objects.get(pk=job.pk).claim()


def test_a_lost_lease_lets_another_in_and_the_first_write_nothing(job: Job) -> None:
    job.claim()
    lose_lease(job)
    second = Job.objects.get(pk=job.pk)

    assert second.claim()
    assert not job.write(progress={"late": True})
    assert not job.finish("done")
    assert second.finish("done", result={"by": "second"})
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"by": "second"})


def test_attempts_run_out(job: Job) -> None:
    for _ in range(job.max_attempts):
        assert job.claim()
        lose_lease(job)

    assert not job.claim()


@pytest.mark.django_db(transaction=True)
def test_of_many_claims_at_once_one_wins() -> None:
    job = factories.a_job(factories.a_project())

    def claim(_: int) -> bool:
        won = Job.objects.get(pk=job.pk).claim()
        connection.close()
        return won

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(12))) == 1
