"""The scorer as a thread of its Celery worker: loading, warming, serving, stopping."""

import gc
import logging
import os
import socket
import threading
import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connections

from scoring.errors import ScoringError
from scoring.prm.engine import Engine
from webapp import replicas, signs
from webapp.broker import broker
from webapp.lanes import Lanes
from webapp.models import RewardModel
from webapp.models.reward_model import ModelState
from workers import trunk
from workers.heads import Heads
from workers.heirs import adopt
from workers.meter import meter
from workers.pulse import Pulse
from workers.scorer import Scorer

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
# between proofs that the models still answer what they first answered
PROVE_SECONDS = 60.0
# so many of them are answered from what was read before: one on an emptied cache costs
# the runs that grow a reading of their whole
PROVE_ANEW_EVERY = 10
# a batch that lasts longer isn't slow, it hangs
HUNG_SECONDS = 600.0


class Serving(threading.Thread):
    """Any crash in here ends the process: one that looks alive and answers nothing is
    worse than one the supervisor sees die and starts again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._stopped = threading.Event()
        # a name that outlives the process: what it leaves, its successor takes up
        self._name = os.environ.get("PACENOTE_REPLICA") or socket.gethostname()
        self._proved_at = time.monotonic()
        self._proofs = 0

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
        began = time.perf_counter()
        heads = load_heads()
        loaded = time.perf_counter() - began
        _warm(heads)
        settle()
        log.info("ready, models held: %d", len(heads.names))
        scorer = Scorer(Lanes(broker(), self._name), heads.predict, meter(self._name))
        facts = {"backbone": heads.backbone, "loaded_in": loaded, "ready": True}

        def beat() -> None:
            _exit_if_hung(scorer)
            pace = scorer.pace.bytes_a_second
            sign = {**facts, "models": heads.names, "bytes_a_second": pace}
            self._sign(sign)

        pulse = Pulse(beat, BEAT_SECONDS)
        pulse.start()
        while not self._stopped.is_set():
            serve_while_connected(scorer, self._stopped, lambda: self._prove(heads))
        pulse.stop()
        self._leave()

    def _prove(self, heads: Heads) -> None:
        """Raises: ModelMismatch, which ends the process: its numbers can't be trusted
        any more, and a fresh one loads its models from disk."""
        if time.monotonic() - self._proved_at > PROVE_SECONDS:
            self._proofs += 1
            heads.prove_again(anew=self._proofs % PROVE_ANEW_EVERY == 0)
            self._proved_at = time.monotonic()

    def _sign(self, facts: dict[str, object]) -> None:
        if self._stopped.is_set():
            return
        replicas.enrol(self._name)
        name = f"{replicas.SCORER}{self._name}"
        signs.give(name, facts, signs.SCORER_SIGN_SECONDS)
        adopt(Lanes(broker(), self._name))

    def _leave(self) -> None:
        """Say good-bye, so that the others take over at once what still waits."""
        try:
            signs.take_back(f"{replicas.SCORER}{self._name}")
        except redis.RedisError as error:
            log.warning("no broker: %s", error)


def load_heads() -> Heads:
    """The language model, with no reward model on it yet. Raises: ModelMismatch."""
    return Heads(Engine(trunk.load()), settings.DATA_DIR / "models")


def settle() -> None:
    """What is loaded by now stays for good: the collector needn't walk torch and all
    of Django again and again while requests are answered."""
    gc.freeze()


def serve_while_connected(
    scorer: Scorer,
    stopped: threading.Event | None = None,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Answer batch after batch until stopped or until the broker is gone, beginning
    with what was taken before; `between` is called after each."""
    stopped = stopped or threading.Event()
    try:
        scorer.recover()
        while not stopped.is_set():
            scorer.serve()
            between()
    except redis.RedisError as error:
        log.warning("no broker: %s", error)
        stopped.wait(0.5)


def _exit_if_hung(scorer: Scorer) -> None:
    since = scorer.busy_since
    if since is not None and time.monotonic() - since > HUNG_SECONDS:
        log.error("a batch has lasted %.0f s: starting anew", HUNG_SECONDS)
        os._exit(1)


def _warm(heads: Heads) -> None:
    """Load the champions before the first question comes."""
    champions = RewardModel.objects.filter(state=ModelState.CHAMPION)
    for sha256 in champions.values_list("sha256", flat=True):
        try:
            heads.predict(sha256, [])
        except ScoringError as error:
            log.error("model %s can't be served: %s", sha256[:8], error)
    connections.close_all()
