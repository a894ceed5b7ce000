"""Asking the scorer: who waits for a busy one, and for how long."""

import time
from threading import Timer

import pytest
import redis

from tests import factories
from webapp import replicas
from webapp.errors import Busy, NotReady
from webapp.lanes import BULK, INTERACTIVE, Lanes
from webapp.models import Project, RewardModel
from webapp.services import predictions


@pytest.fixture
def model(project: Project) -> RewardModel:
    return factories.a_reward_model(project, "champion")


@pytest.fixture
def crowd(live_broker: redis.Redis) -> Lanes:
    """Lanes as full as they may be, and nobody who serves them."""
    live_broker.zadd(replicas.SEEN, {"test": time.time()})
    lanes = Lanes(live_broker, "test")
    for lane in (INTERACTIVE, BULK):
        while lanes.push(lane, "{}", float("inf"))[0]:
            pass
    return lanes


def test_who_cannot_wait_is_sent_away_at_once(crowd: Lanes, model: RewardModel) -> None:
    with pytest.raises(Busy):
        predictions.ask(model, [factories.a_run()])


def test_who_can_wait_asks_again_until_there_is_room(
    crowd: Lanes, model: RewardModel
) -> None:
    Timer(0.2, lambda: crowd.take(10, bulk_first=True)).start()

    # taken into the queue, where nobody answers
    with pytest.raises(NotReady):
        predictions.ask_patiently(model, [factories.a_run()], seconds=2)


def test_patience_has_an_end(crowd: Lanes, model: RewardModel) -> None:
    with pytest.raises(Busy):
        predictions.ask_patiently(model, [factories.a_run()], seconds=1.5)
