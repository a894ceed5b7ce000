"""Starting, cancelling and reporting jobs."""

import pytest

from scoring.errors import Cancelled
from tests import factories
from webapp.errors import Conflict
from webapp.models import Job, Project
from webapp.services import jobs


def start(project: Project, key: str | None = "k", **data: int) -> Job:
    return jobs.create(project, kind="export", user=None, data=data, key=key)


def test_a_key_starts_one_job(project: Project) -> None:
    assert start(project, a=1) == start(project, a=1)
    with pytest.raises(Conflict):
        start(project, a=2)


def test_a_key_belongs_to_its_project(project: Project) -> None:
    assert start(project, a=1) != start(factories.a_project(), a=2)


def test_without_a_key_every_request_is_a_job(project: Project) -> None:
    assert start(project, None) != start(project, None)


def test_one_wake_up_leaves_after_the_commit(
    project: Project, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[operator]
        start(project)
        start(project)

    assert len(callbacks) == 1


def test_a_waiting_job_is_cancelled_at_once(project: Project) -> None:
    job = jobs.cancel(start(project))

    assert (job.state, job.cancel_requested) == ("cancelled", True)
    assert not job.claim()


def test_a_running_job_learns_of_it_at_its_next_report(project: Project) -> None:
    job = start(project)
    job.claim()
    jobs.report(job, done=1)
    jobs.cancel(job)

    assert job.state == "running"
    with pytest.raises(Cancelled, match="on request"):
        jobs.report(job, done=2)


def test_a_job_that_is_over_stays_as_it_is(project: Project) -> None:
    job = start(project)
    job.claim()
    job.finish("done")

    assert jobs.cancel(job).state == "done"
