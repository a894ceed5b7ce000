"""Numbers of the serving path: counted, summed up over processes, told."""

import json
from typing import Any

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from tests import factories
from webapp import metrics as counting
from webapp.metrics import Meter
from webapp.services import metrics

pytestmark = pytest.mark.django_db


def exposed() -> dict[str, float]:
    """Prometheus' own reading: name{labels} -> value."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in families
        for sample in family.samples
    }


def test_what_two_processes_counted_is_summed_up(live_broker: redis.Redis) -> None:
    for meter, seconds in ((Meter(), 0.004), (Meter(), 40.0)):
        meter.observe("queue_seconds", seconds, "a")
        meter.count("tokens", 100, "a")
        meter.send()
    found = exposed()
    name = "pacenote_score_queue_seconds_"
    assert found[name + 'bucket{"le": "0.0025", "replica": "a"}'] == 0
    assert found[name + 'bucket{"le": "0.005", "replica": "a"}'] == 1
    assert found[name + 'bucket{"le": "+Inf", "replica": "a"}'] == 2
    assert found[name + 'sum{"replica": "a"}'] == pytest.approx(40.004)
    assert found['pacenote_score_tokens_total{"replica": "a"}'] == 200


def test_jobs_and_their_age_are_told(live_broker: redis.Redis, project: Any) -> None:
    factories.a_job(project)
    found = exposed()
    assert found['pacenote_jobs{"state": "queued"}'] == 1
    assert found["pacenote_job_queue_age_seconds{}"] > 0


def test_what_the_broker_did_not_take_is_sent_again(
    live_broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter()
    meter.count("tokens", 5, "a")
    away = redis.Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.1)
    with monkeypatch.context() as patch:
        patch.setattr(counting, "broker", lambda: away)
        with pytest.raises(redis.RedisError):
            meter.send()
    meter.send()
    assert exposed()['pacenote_score_tokens_total{"replica": "a"}'] == 5


def test_two_samples_make_a_moment(
    live_broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([100.0, 100.0, 110.0, 110.0])
    monkeypatch.setattr(metrics.time, "time", lambda: next(clock, 110.0))
    metrics.sample()
    meter = Meter()
    for seconds in (0.02, 0.02, 0.3):
        meter.observe("request_seconds", seconds, "200")
    meter.observe("request_seconds", 0.001, "503")
    meter.count("tokens", 400, "a")
    meter.count("cached_tokens", 300, "a")
    meter.send()
    metrics.sample()
    [moment] = metrics.moments()
    assert (moment.tokens, moment.cached) == (40, 0.75)
    assert moment.requests == pytest.approx(0.4)
    assert moment.refused == pytest.approx(0.1)
    assert moment.middle is not None
    assert 0.01 <= moment.middle <= 0.025


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({}, None),
        ({"1": 10}, 0.5),
        ({"1": 5, "2": 5}, 1.0),
        ({"1": 1, "+Inf": 9}, 1.0),
    ],
)
def test_a_median_lies_within_its_bucket(
    counts: dict[str, float], expected: float | None
) -> None:
    assert metrics.quantile(counts, 0.5) == expected
