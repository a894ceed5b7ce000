"""The scorer as a thread of its Celery worker: loading, warming, serving, stopping."""

import logging
import os
import socket
import threading

import redis
from django.conf import settings
from django.db import connections

from scoring.errors import ScoringError
from scoring.prm.engine import Engine
from webapp import jobs
from webapp.models import RewardModel
from webapp.models.reward_model import ModelState
from workers import trunk
from workers.heads import Heads
from workers.pulse import Pulse
from workers.scorer import Scorer
from workers.signs import sign

log = logging.getLogger(__name__)


class Serving(threading.Thread):
    """Any crash in here ends the process: one that looks alive and answers nothing is
    worse than one the supervisor sees die and starts again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            self._serve()
        except BaseException:
            log.exception("the scorer can't go on")
            os._exit(1)

    def stop(self) -> None:
        """Let the batch in hand be answered, then end."""
        self._stopped.set()
        self.join(timeout=8)

    def _serve(self) -> None:
        language_model = trunk.load()
        heads = Heads(Engine(language_model), settings.DATA_DIR / "models")
        _warm(heads)
        log.info("ready, models held: %d", len(heads.names))
        facts = {"backbone": language_model.sha256, "ready": True}
        Pulse(lambda: sign("scorer", {**facts, "models": heads.names})).start()
        # a name that outlives the process: what it leaves, its successor takes up
        replica = os.environ.get("PACENOTE_REPLICA") or socket.gethostname()
        scorer = Scorer(jobs.broker(), heads.predict, jobs.SCORE_QUEUE, replica)
        while not self._stopped.is_set():
            self._serve_while_connected(scorer)

    def _serve_while_connected(self, scorer: Scorer) -> None:
        try:
            scorer.recover()
            while not self._stopped.is_set():
                scorer.serve()
        except redis.RedisError as error:
            log.warning("no broker: %s", error)
            self._stopped.wait(0.5)


def _warm(heads: Heads) -> None:
    """Load the champions before the first question comes."""
    champions = RewardModel.objects.filter(state=ModelState.CHAMPION)
    for sha256 in champions.values_list("sha256", flat=True):
        try:
            heads.predict(sha256, [])
        except ScoringError as error:
            log.error("model %s can't be served: %s", sha256[:8], error)
    connections.close_all()
