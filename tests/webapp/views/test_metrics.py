"""The live page of the serving path."""

import time

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client

from webapp import replicas, signs
from webapp.metrics import Meter
from webapp.services import metrics

URL = "/serving/"


@pytest.fixture
def staff(client: Client, alice: User) -> Client:
    alice.is_staff = True
    alice.save()
    client.force_login(alice)
    return client


def test_it_shows_figures_replicas_and_jobs(
    staff: Client, live_broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0])
    with monkeypatch.context() as patch:
        patch.setattr(metrics.time, "time", lambda: next(clock, 105.0))
        metrics.sample()
        meter = Meter()
        meter.count("tokens", 6000, "a")
        meter.send()
        metrics.sample()
    for name in ("a", "b"):
        live_broker.zadd(replicas.SEEN, {name: time.time()})
    signs.give("scorer:a", {"ready": True, "models": ["x"], "bytes_a_second": 5000})
    text = staff.get(URL).content.decode()
    assert "1,200" in text
    assert "serves" in text
    assert "away" in text
    assert 'hx-trigger="every 5s"' in text


def test_htmx_gets_the_inside_only(staff: Client, live_broker: redis.Redis) -> None:
    text = staff.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in text
    assert "No scorer is running" in text


def test_without_a_broker_the_page_says_what_goes_on(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        raise redis.ConnectionError

    monkeypatch.setattr(metrics, "moments", gone)
    assert "broker doesn" in staff.get(URL).content.decode()


def test_others_are_sent_to_sign_in(client: Client, bob: User) -> None:
    client.force_login(bob)
    assert client.get(URL).status_code == 302
