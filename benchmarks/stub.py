"""The scorer with a model that answers at once: what is left is the serving path."""

import os
from collections.abc import Sequence

import django

from scoring.schema import Episode, Prediction


def predict(model: str, episodes: Sequence[Episode]) -> list[Prediction]:
    return [_said(len(episode.steps)) for episode in episodes]


def _said(steps: int) -> Prediction:
    verdicts = ((0.1, 0.2, 0.7),) * steps
    return Prediction((0.9,) * steps, (0.01,) * steps, verdicts, (0.5,) * steps, 512)


def serve() -> None:
    """Until it is killed."""
    django.setup()
    from webapp import replicas, signs
    from webapp.broker import broker
    from webapp.lanes import Lanes
    from workers.pulse import Pulse
    from workers.scorer import Scorer

    name = os.environ["PACENOTE_REPLICA"]

    def beat() -> None:
        replicas.enrol(name)
        facts = {"ready": True, "models": []}
        signs.give(f"{replicas.SCORER}{name}", facts, signs.SCORER_SIGN_SECONDS)

    Pulse(beat, 1.0).start()
    scorer = Scorer(Lanes(broker(), name), predict)
    scorer.recover()
    while True:
        scorer.serve()


if __name__ == "__main__":
    serve()
