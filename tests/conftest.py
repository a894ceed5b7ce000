"""Fixtures every test may ask for."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from webapp.house import broker
from webapp.house.supervisor import Child

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real trajectory files, where the machine has them."""
    if not (SHARED / "samples").is_dir():
        pytest.skip("no real sample files beside this checkout")
    return SHARED / "samples"


@pytest.fixture(scope="session")
def labels() -> Path:
    """Real step labels, where the machine has them."""
    if not (SHARED / "labels").is_dir():
        pytest.skip("no real step labels beside this checkout")
    return SHARED / "labels"


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real broker for the whole session."""
    directory = tmp_path_factory.mktemp("broker")
    command, url = broker.configure(directory)
    child = Child("broker", command, dict(os.environ), directory / "log")
    child.start()
    with redis.Redis.from_url(url, retry=Retry(ConstantBackoff(0.05), 200)) as client:
        client.ping()
    yield url
    child.stop()


@pytest.fixture
def live_broker(valkey: str, settings: Any) -> Iterator[redis.Redis]:
    """The product's own client and its Celery app, on a real and empty broker."""
    # models load only once pytest-django has set Django up
    from webapp import jobs
    from workers.app import app

    settings.REDIS_URL = valkey
    jobs.broker.cache_clear()
    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = valkey
    app.pool.force_close_all()
    jobs.broker().flushall()
    yield jobs.broker()
    jobs.broker().close()
    jobs.broker.cache_clear()
