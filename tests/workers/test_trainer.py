"""The trainer as a process of its own: killed, cancelled, hanging."""

import random
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
import pytest
import torch
from django.conf import settings
from django.db import connection

from scoring.prm.train import train
from webapp import lock
from webapp.models import Job, Project, TrainingRun
from webapp.models.job import State
from webapp.services import jobs, snapshots, training
from workers import fitting, lease, trunk
from workers import training as process

pytestmark = pytest.mark.usefixtures("small", "same_world")
QUICK = {"epochs": 5, "members": 2, "rank": 16}


@pytest.fixture
def same_world(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's own settings for the process, on this test's data and database."""
    for name, value in {
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "DATABASE_URL": database_url(),
        "PACENOTE_DATA": str(settings.DATA_DIR),
        "PACENOTE_BACKBONE": small.BACKBONE,
        # the last bits of a sum depend on it
        "OMP_NUM_THREADS": str(torch.get_num_threads()),
    }.items():
        monkeypatch.setenv(name, value)


def database_url() -> str:
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    options = urlencode({"host": found["HOST"], **found["OPTIONS"]})
    sign_in = f"{quote(found['USER'])}:{quote(found['PASSWORD'])}"
    return f"postgres://{sign_in}@/{found['NAME']}?{options}"


def asked(project: Project, **config: int) -> TrainingRun:
    return training.start(project, user=None, config={**QUICK, **config})


def worked_on(run: TrainingRun, meddle: Callable[[psutil.Process], None]) -> Job:
    """The job after a worker has had it, and what somebody did to its trainer."""
    assert run.job.claim()

    def look() -> None:
        try:
            meddle(trainer(run.job))
        finally:
            connection.close()

    meddler = threading.Thread(target=look)
    meddler.start()
    with lease.held(run.job) as held:
        process.run(run.job, held)
    meddler.join()
    run.job.refresh_from_db()
    return run.job


def trainer(job: Job) -> psutil.Process:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for child in psutil.Process().children():
            if str(job.pk) in child.cmdline():
                return child
        time.sleep(0.01)
    raise AssertionError("no trainer was started")


def at_work(run: TrainingRun) -> None:
    """Wait until the process has told how far it is."""
    until = time.monotonic() + 60
    while not Job.objects.get(pk=run.job.pk).progress.get("phase"):
        assert time.monotonic() < until, "it tells nothing"
        time.sleep(0.02)


def leave_alone(process: psutil.Process) -> None:
    """Nobody meddles."""


def undisturbed(run: TrainingRun, folder: Path) -> str:
    examples = [fitting.as_example(row) for row in snapshots.examples(run.snapshot)]
    config = fitting.TrainConfig.from_dict(run.config)
    return train(examples, trunk.load(), config, folder, lambda progress: None).sha256


def test_killed_again_and_again_it_ends_in_the_model_it_would_have_been(
    arena_project: Project, tmp_path: Path
) -> None:
    run = asked(arena_project, seed=11)
    expected = undisturbed(run, tmp_path)
    chance = random.Random(3)

    def kill(process: psutil.Process) -> None:
        at_work(run)
        time.sleep(chance.uniform(0, 1.5))
        process.kill()

    for attempt in (1, 2, 3):
        job = worked_on(run, kill)
        if job.state == State.DONE:
            break
        assert (job.state, job.attempt) == (State.QUEUED, attempt)
        assert "its process died of SIGKILL" in job.error
        Job.objects.filter(pk=job.pk).update(progress={})
    job = worked_on(run, leave_alone) if job.is_open else job
    assert (job.state, job.error) == (State.DONE, "")
    assert job.attempt > 1
    run.refresh_from_db()
    assert run.reward_model is not None
    assert run.reward_model.sha256 == expected


# a trainer on a GPU that fails under it, half way through its features
BROKEN = """#!{python}
import runpy
import sys
from scoring.prm import train

extract = train.extract

def fail(encoded, trunk, store, report):
    extract(encoded[: len(encoded) // 2], trunk, store, report)
    raise RuntimeError("CUDA error: an illegal memory access was encountered")

train.extract = fail
sys.argv = sys.argv[2:]
runpy.run_module("workers.trainer", run_name="__main__")
"""


def executable(path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start this in place of Python."""
    path.write_text(script.format(python=sys.executable))
    path.chmod(0o700)
    monkeypatch.setenv("PYTHONPATH", str(settings.BASE_DIR))
    monkeypatch.setattr(process.sys, "executable", str(path))


def test_a_device_that_fails_ends_the_process_and_another_one_goes_on(
    arena_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(arena_project, seed=13)
    with monkeypatch.context() as broken:
        executable(tmp_path / "python", BROKEN, broken)
        job = worked_on(run, leave_alone)
    assert (job.state, job.attempt) == (State.QUEUED, 1)
    assert "its device failed (CUDA error: an illegal memory access" in job.error
    job = worked_on(run, leave_alone)
    assert (job.state, job.attempt, job.error) == (State.DONE, 2, "")
    run.refresh_from_db()
    assert run.reward_model is not None
    assert run.reward_model.sha256 == undisturbed(run, tmp_path / "undisturbed")


# waits for a device that never answers, and hears nothing, not even SIGTERM
DEAF = """#!/bin/sh
trap '' TERM
while :; do sleep 0.2; done
"""


@pytest.mark.parametrize("deaf", [False, True])
def test_a_cancel_ends_it_within_seconds_even_if_it_hangs(
    arena_project: Project, deaf: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if deaf:
        executable(tmp_path / "trainer", DEAF, monkeypatch)
    run = asked(arena_project, seed=12)
    asked_at, found = list[float](), list[psutil.Process]()

    def cancel(process: psutil.Process) -> None:
        if not deaf:
            at_work(run)
        found.append(process)
        asked_at.append(time.monotonic())
        jobs.cancel(Job.objects.get(pk=run.job.pk))

    job = worked_on(run, cancel)
    # five seconds by the clocks below, many times that on a machine at its limits
    assert time.monotonic() - asked_at[0] < 30
    assert job.state == State.CANCELLED
    assert not found[0].is_running()
    run.refresh_from_db()
    assert run.reward_model is None
    with lock.held(settings.DATA_DIR / "training" / "lock", "the device is not free"):
        pass


def test_the_clocks_of_a_cancel_add_up_to_five_seconds() -> None:
    look_again = 0.2
    waits = (lease.WATCH_SECONDS, process.NOTICE_SECONDS, process.GRACE_SECONDS)
    assert sum(waits) + look_again <= 5
