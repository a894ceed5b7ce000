"""The scorer with a stand-in for the model: what is left is the serving path.

It answers at once, or takes PACENOTE_STUB_MS an episode as a device would. What it says
follows from the model's and the episode's names, so that a caller can check every
number it gets.
"""

import hashlib
import os
import time
from collections.abc import Sequence

import django

from scoring.schema import Episode, Prediction

TOKENS = 512


def expected(model: str, episode_id: str) -> float:
    """q of every step of an episode."""
    digest = hashlib.sha256(f"{model} {episode_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def predict(model: str, episodes: Sequence[Episode]) -> list[Prediction]:
    time.sleep(len(episodes) * float(os.environ.get("PACENOTE_STUB_MS", "0")) / 1000)
    return [_said(expected(model, e.id), len(e.steps)) for e in episodes]


def _said(q: float, steps: int) -> Prediction:
    verdicts = ((1 - q, 0.0, q),) * steps
    return Prediction((q,) * steps, (0.0,) * steps, verdicts, (0.5,) * steps, TOKENS)


def serve() -> None:
    """Until it is killed."""
    django.setup()
    from webapp import replicas, signs
    from webapp.broker import broker
    from webapp.lanes import Lanes
    from workers.heirs import adopt
    from workers.meter import meter
    from workers.pulse import Pulse
    from workers.scorer import Scorer
    from workers.serving import serve_while_connected, settle

    name = os.environ["PACENOTE_REPLICA"]
    lanes = Lanes(broker(), name)
    scorer = Scorer(lanes, predict, meter(name))

    def beat() -> None:
        replicas.enrol(name)
        pace = scorer.pace.bytes_a_second
        facts = {"ready": True, "models": [], "bytes_a_second": pace}
        signs.give(f"{replicas.SCORER}{name}", facts, signs.SCORER_SIGN_SECONDS)
        adopt(lanes)

    Pulse(beat, 1.0).start()
    settle()
    while True:
        serve_while_connected(scorer)


if __name__ == "__main__":
    serve()
