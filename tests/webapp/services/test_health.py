"""Health: each part told apart."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests import factories
from webapp import broker, replicas, signs
from webapp.models import Project
from webapp.services import health


def ok() -> dict[str, bool]:
    return {name: part["ok"] for name, part in health.status().items()}


def alive(name: str, **said: Any) -> None:
    signs.give(name, said)


@pytest.fixture
def dead_broker(settings: Any) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    broker.broker.cache_clear()
    yield
    broker.broker.cache_clear()


@pytest.mark.usefixtures("dead_broker", "db")
def test_without_a_broker_the_database_is_still_well() -> None:
    assert ok() == {"database": True, "broker": False, "worker": False, "scorer": False}


@pytest.mark.django_db
def test_nobody_at_work_is_said(live_broker: redis.Redis) -> None:
    assert ok() == {"database": True, "broker": True, "worker": False, "scorer": False}
    assert "no worker is running" in health.status()["worker"]["detail"]


def test_a_scorer_is_ready_once_it_holds_a_champion(
    project: Project, live_broker: redis.Redis
) -> None:
    alive("jobs")
    alive("scorer:a", ready=True, models=[])
    assert (ok()["worker"], ok()["scorer"]) == (True, False)
    model = factories.a_reward_model(project, "champion")
    assert not ok()["scorer"]
    alive("scorer:a", ready=True, models=[model.sha256])
    assert all(ok().values())


def test_every_replica_is_counted_and_one_that_went_is_missed(
    project: Project, live_broker: redis.Redis
) -> None:
    model = factories.a_reward_model(project, "champion")
    for name in ("a", "b"):
        alive(f"scorer:{name}", ready=True, models=[model.sha256])
    for name in ("a", "b", "c"):
        live_broker.zadd(replicas.SEEN, {name: time.time()})
    scorer = health.status()["scorer"]
    assert (scorer["ok"], scorer["replicas"], scorer["missing"]) == (True, 2, 1)
    assert "1 of 3 replicas are away" in scorer["detail"]
