"""Asking the scorer: who waits for a busy one, and for how long."""

from threading import Timer

import pytest
import redis

from tests import factories
from webapp import jobs
from webapp.errors import Busy, NotReady
from webapp.models import Project, RewardModel
from webapp.services import predictions


@pytest.fixture
def model(project: Project) -> RewardModel:
    return factories.a_reward_model(project, "champion")


@pytest.fixture
def crowd(live_broker: redis.Redis) -> redis.Redis:
    """A queue as long as it may be, and nobody who serves it."""
    live_broker.lpush(jobs.SCORE_QUEUE, *["{}"] * jobs.MAX_WAITING)
    return live_broker


def test_who_cannot_wait_is_sent_away_at_once(
    crowd: redis.Redis, model: RewardModel
) -> None:
    with pytest.raises(Busy):
        predictions.ask(model, [factories.a_run()])


def test_who_can_wait_asks_again_until_there_is_room(
    crowd: redis.Redis, model: RewardModel
) -> None:
    Timer(0.2, lambda: crowd.delete(jobs.SCORE_QUEUE)).start()

    # taken into the queue, where nobody answers
    with pytest.raises(NotReady):
        predictions.ask_patiently(model, [factories.a_run()], seconds=2)


def test_patience_has_an_end(crowd: redis.Redis, model: RewardModel) -> None:
    with pytest.raises(Busy):
        predictions.ask_patiently(model, [factories.a_run()], seconds=1.5)
