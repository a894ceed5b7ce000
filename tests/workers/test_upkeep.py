"""What the sweeper does with jobs nobody works on."""

import json
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from tests.factories import a_job
from tests.workers.conftest import age
from webapp.models import Project
from webapp.models.job import State
from workers import upkeep

EXPIRED = timezone.now() - timedelta(minutes=5)


def woken(broker: redis.Redis) -> list[str]:
    messages = [json.loads(raw) for raw in broker.lrange("jobs", 0, -1)]
    return sorted(message["headers"]["argsrepr"] for message in messages)


def test_a_queued_job_whose_message_was_lost_is_woken(
    project: Project, live_broker: redis.Redis
) -> None:
    job = age(a_job(project))
    upkeep.sweep()
    assert woken(live_broker) == [f"['{job.pk}']"]


def test_a_job_whose_worker_died_is_woken(
    project: Project, live_broker: redis.Redis
) -> None:
    job = age(a_job(project), state=State.RUNNING, lease_until=EXPIRED, attempt=1)
    upkeep.sweep()
    assert woken(live_broker) == [f"['{job.pk}']"]


def test_a_fresh_job_and_one_at_work_are_left_alone(
    project: Project, live_broker: redis.Redis
) -> None:
    a_job(project)
    lease = timezone.now() + timedelta(seconds=20)
    age(a_job(project), state=State.RUNNING, lease_until=lease, attempt=1)
    upkeep.sweep()
    assert woken(live_broker) == []


def test_messages_that_wait_already_are_not_repeated(
    project: Project, live_broker: redis.Redis
) -> None:
    age(a_job(project))
    upkeep.sweep()
    upkeep.sweep()
    assert len(woken(live_broker)) == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("the disk is full", "gave up after 5 attempts: the disk is full"),
        ("", "gave up after 5 attempts: its worker died each time"),
    ],
)
def test_a_job_out_of_attempts_fails_with_its_last_error(
    project: Project, live_broker: redis.Redis, error: str, told: str
) -> None:
    job = age(a_job(project), attempt=5, error=error)
    upkeep.sweep()
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, told)
    assert job.finished_at is not None
    assert woken(live_broker) == []


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_a_cancelled_job_nobody_works_on_ends(
    project: Project, live_broker: redis.Redis, state: str
) -> None:
    job = age(a_job(project), state=state, lease_until=EXPIRED, cancel_requested=True)
    upkeep.sweep()
    job.refresh_from_db()
    assert job.state == State.CANCELLED
