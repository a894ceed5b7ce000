"""Fixtures every test may ask for."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import redis
from django.conf import settings
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.functional.house import ROOT, House, started
from webapp.house.supervisor import Child

SHARED = ROOT.parent / "shared"
# set where everything a test may ask for is there, so that a skip hides a defect
NO_SKIPS = os.environ.get("PACENOTE_NO_SKIPS") == "yes"
DEMO_EPISODES = 24


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and NO_SKIPS and not item.get_closest_marker("gpu"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report


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
def backbone() -> None:
    """The real language model, unpacked once a checkout."""
    from scoring.prm import smollm2

    smollm2.converted(ROOT / "var")


@pytest.fixture(scope="session")
def house(backbone: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One whole running product for all functional tests of a session."""
    data = tmp_path_factory.mktemp("house") / "data"
    with started(data, demo=DEMO_EPISODES) as running:
        yield running


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The URL of a real broker, where the settings say it is."""
    command, directory = settings.BROKER_COMMAND, settings.DATA_DIR / "broker"
    child = Child("broker", command, os.environ, directory / "log")
    child.start()
    retry = Retry(ConstantBackoff(0.05), 200)
    with redis.Redis.from_url(settings.REDIS_URL, retry=retry) as client:
        client.ping()
    yield settings.REDIS_URL
    child.stop()


@pytest.fixture
def live_broker(valkey: str) -> Iterator[redis.Redis]:
    """The product's own client, on a real and empty broker, left as empty."""
    # models load only once pytest-django has set Django up
    from webapp import replicas
    from webapp.broker import broker

    broker().flushall()
    replicas.forget()
    yield broker()
    broker().flushall()
    replicas.forget()
