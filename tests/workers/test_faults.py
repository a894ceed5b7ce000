"""Trainings that can't go on just now: the device is taken, the disk is full."""

import errno
import threading
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from tests import factories
from tests.webapp.views.test_reward_models import with_files
from webapp import lock
from webapp.errors import Busy, Conflict
from webapp.models import Job, Project, RewardModel
from webapp.models.job import State
from webapp.services import reward_models, training
from workers import ending, lease, upkeep
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


def test_fifty_times_two_race_for_a_device_and_never_both_have_it(
    tmp_path: Path,
) -> None:
    start, holders, most = threading.Barrier(2), list[int](), list[int]()

    def want(me: int) -> None:
        start.wait()
        try:
            with lock.held(tmp_path / "lock", "taken"):
                holders.append(me)
                time.sleep(0.002)
                most.append(len(holders))
                holders.remove(me)
        except Busy:
            pass

    with ThreadPoolExecutor(2) as pool:
        for _ in range(50):
            list(pool.map(want, (1, 2)))
    assert len(most) >= 50
    assert set(most) == {1}


def test_of_two_promotions_at_once_one_model_serves(arena_project: Project) -> None:
    models = [with_files(arena_project, {"n": n}) for n in range(2)]
    start = threading.Barrier(2)

    def promote(model: RewardModel) -> bool:
        start.wait()
        try:
            reward_models.promote(model, user=None, override="a race")
            return True
        except Conflict:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert any(pool.map(promote, models))
    champions = arena_project.reward_models.filter(state="champion")
    assert champions.count() == 1
    assert arena_project.jobs.filter(kind="score").exists()


def settled_with(error: Exception, project: Project) -> Job:
    """A job whose work ended in this error, as its row tells it."""
    job = factories.a_job(project)
    assert job.claim()

    def work(_: Job) -> None:
        raise error

    ending.settle(job, work)
    job.refresh_from_db()
    return job


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
    job = settled_with(error, project)
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert "the disk is full" in job.error


ILLEGAL = (
    "CUDA error: an illegal memory access was encountered\nFor debugging consider…"
)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError(ILLEGAL), "its device failed (CUDA error: an illegal memory"),
        (RuntimeError("CUBLAS_STATUS_EXECUTION_FAILED when calling"), "device failed"),
        (RuntimeError("CUDA out of memory. Tried to"), "there was not enough memory"),
        (RuntimeError("CUDA error: out of memory"), "there was not enough memory"),
        (MemoryError(), "there was not enough memory (MemoryError)"),
    ],
)
def test_a_device_that_fails_or_is_full_costs_the_job_an_attempt_and_no_more(
    project: Project, error: Exception, told: str
) -> None:
    job = settled_with(error, project)
    assert (job.state, job.attempt) == (State.QUEUED, 1)
    assert told in job.error
    assert "debugging" not in job.error


def test_a_device_that_fails_every_time_ends_the_job_with_its_reason(
    project: Project, live_broker: redis.Redis
) -> None:
    job = factories.a_job(project)

    def work(_: Job) -> None:
        raise RuntimeError(ILLEGAL)

    while job.claim():
        ending.settle(job, work)
    upkeep.sweep()
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.FAILED, job.max_attempts)
    assert "gave up after 5 attempts: its device failed (CUDA error" in job.error


def test_a_bug_is_no_failed_device(project: Project) -> None:
    job = factories.a_job(project)
    assert job.claim()

    def work(_: Job) -> None:
        raise RuntimeError("the size of tensor a must match, says CUDA error")

    ending.settle(job, work)
    job.refresh_from_db()
    assert job.state == State.FAILED


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
