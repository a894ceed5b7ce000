"""Trainings that can't go on just now: the device is taken, the disk is full."""

import errno
from collections import namedtuple

import pytest
from django.conf import settings

from tests import factories
from webapp import lock
from webapp.models import Job, Project
from webapp.models.job import State
from webapp.services import training
from workers import ending, lease
from workers import training as process

pytestmark = pytest.mark.usefixtures("small")
QUICK = {"epochs": 5, "members": 2, "rank": 16}


def started(project: Project, **config: int) -> Job:
    run = training.start(project, user=None, config={**QUICK, **config})
    assert run.job.claim()
    return run.job


def test_of_two_trainings_on_a_device_one_runs_and_one_waits(
    arena_project: Project,
) -> None:
    job = started(arena_project, seed=4)
    path = settings.DATA_DIR / "training" / "lock"
    with lock.held(path, "taken"), lease.held(job) as held:
        process.run(job, held)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert "another training has the device" in job.error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("I/O error: File too large (os error 27)"),
    ],
)
def test_a_full_disk_pauses_the_job_and_is_no_attempt(
    project: Project, error: Exception
) -> None:
    job = factories.a_job(project)
    assert job.claim()

    def work(_: Job) -> None:
        raise error

    ending.settle(job, work)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert "the disk is full" in job.error


def test_nothing_is_started_on_a_disk_that_is_nearly_full(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(process.shutil, "disk_usage", lambda _: usage(9, 9, 1 << 20))
    job = factories.a_job(project, kind="train")
    assert job.claim()
    with lease.held(job) as held:
        process.run(job, held)
    job.refresh_from_db()
    assert (job.state, job.attempt, "the disk is full" in job.error) == (
        State.QUEUED,
        0,
        True,
    )
