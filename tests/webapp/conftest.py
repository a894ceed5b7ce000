"""The cast, and a real model with a real scorer.

Alice owns a project, Bob is in it, Charlie is an outsider with his own.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User

from scoring import arena, splits
from tests import factories
from webapp import replicas
from webapp.lanes import Lanes
from webapp.models import Episode, Project, RewardModel
from webapp.models.project import Role
from webapp.models.reward_model import ModelState
from webapp.recent import Recent
from webapp.services import reward_models


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who served in an earlier test's project of the same number."""
    for memory in ("_serving", "_editions"):
        monkeypatch.setattr(reward_models, memory, Recent())


@pytest.fixture
def alice(db: None) -> User:
    return factories.a_user("alice")


@pytest.fixture
def project(alice: User) -> Project:
    return factories.a_project("Alice's help desk", owner=alice)


@pytest.fixture
def bob(project: Project) -> User:
    return factories.a_member(project, "bob", Role.ANNOTATOR)


@pytest.fixture
def charlie(db: None) -> User:
    user = factories.a_user("charlie")
    factories.a_project("Charlie's own", owner=user)
    return user


@pytest.fixture
def episode(project: Project) -> Episode:
    return factories.an_episode(project)


@dataclass(frozen=True)
class Trained:
    sha256: str
    card: dict[str, Any]


@pytest.fixture(scope="session")
def trained() -> Trained:
    """A model of the two-layer random backbone, in the product's own folder."""
    from scoring.prm import backbone, train

    runs = list(arena.generate(16))
    sides = splits.by_group(run.episode.group() for run in runs)
    examples = [
        train.Example(
            run.episode,
            run.verdicts,
            run.episode.outcome.success,
            sides[run.episode.group()],
        )
        for run in runs
    ]
    config = train.TrainConfig(epochs=2, members=2, rank=8, threads=1)
    made = train.train(
        examples, backbone.tiny(), config, settings.DATA_DIR, lambda progress: None
    )
    return Trained(made.sha256, made.card)


@pytest.fixture
def champion(project: Project, trained: Trained) -> RewardModel:
    return factories.a_reward_model(
        project, ModelState.CHAMPION, sha256=trained.sha256, card=trained.card
    )


@pytest.fixture
def scorer(live_broker: redis.Redis, trained: Trained) -> Iterator[None]:
    """The workers' own scorer in a thread."""
    from scoring.prm import backbone
    from scoring.prm.engine import Engine
    from workers.scorer import Scorer

    engine = Engine(backbone.tiny())

    def predict(sha256: str, episodes: Any) -> Any:
        return engine.predict(
            episodes, engine.load(settings.DATA_DIR / "models" / sha256)
        )

    stopped = threading.Event()
    serving = Scorer(Lanes(live_broker, "test"), predict)
    live_broker.zadd(replicas.SEEN, {"test": time.time()})

    def serve() -> None:
        while not stopped.is_set():
            serving.serve(wait=1)

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    stopped.set()
    thread.join()
