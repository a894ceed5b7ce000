"""/metrics: for staff, for this host where allowed, for nobody else."""

from typing import Any

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from tests import factories
from webapp.metrics import KEY, METER
from webapp.models import Project

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_broker")]


def ask(client: Client, secret: str = "", **headers: str) -> Any:
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    return client.get("/metrics", headers=headers)


def test_staff_reads_it_by_page_and_by_token(
    client: Client, project: Project, alice: User
) -> None:
    _, secret = factories.a_token(alice, project, "read")
    assert ask(client, secret).status_code == 401
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    answer = ask(client, secret)
    assert answer.status_code == 200
    assert b"# TYPE pacenote_score_queue_seconds histogram" in answer.content
    alice.refresh_from_db()
    client.force_login(alice)
    assert ask(client).status_code == 200


def test_this_host_reads_it_only_where_allowed_and_not_through_a_proxy(
    client: Client, settings: Any
) -> None:
    assert ask(client).status_code == 401
    settings.METRICS_ON_LOOPBACK = True
    assert ask(client).status_code == 200
    assert ask(client, **{"X-Forwarded-For": "8.8.8.8"}).status_code == 401
    assert client.get("/metrics", REMOTE_ADDR="8.8.8.8").status_code == 401


def test_without_a_broker_it_says_so(
    client: Client, settings: Any, live_broker: redis.Redis
) -> None:
    settings.METRICS_ON_LOOPBACK = True
    live_broker.close()
    from webapp import broker

    broker.broker.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        assert ask(client).status_code == 503
    finally:
        broker.broker.cache_clear()


@pytest.mark.usefixtures("champion", "scorer")
def test_a_request_is_counted_from_end_to_end(
    api: APIClient, client: Client, settings: Any, live_broker: redis.Redis
) -> None:
    settings.METRICS_ON_LOOPBACK = True
    METER.send()
    live_broker.delete(KEY)
    body = {"episodes": [factories.a_run().to_dict()]}
    assert api.post("/api/v1/scores/", body, format="json").status_code == 200
    METER.send()
    line = b'pacenote_score_request_seconds_count{status="200"} 1.0'
    assert line in ask(client).content
