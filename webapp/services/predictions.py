"""What a reward model says of episodes, asked of the scorer."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings

from scoring import schema
from webapp import jobs
from webapp.errors import Busy
from webapp.lanes import BULK, INTERACTIVE
from webapp.models import RewardModel
from webapp.recent import Promise

Ask = Callable[
    [RewardModel | None, Sequence[schema.Episode]], Sequence[schema.Prediction | None]
]
Begin = Callable[
    [RewardModel | None, Sequence[schema.Episode]],
    Callable[[], Sequence[schema.Prediction | None]],
]
# a job asks again this long before it gives up
PATIENCE_SECONDS = 300.0
RETRY_SECONDS = 1.0


def ask(
    model: RewardModel | None,
    runs: Sequence[schema.Episode],
    seconds: float | None = None,
    lane: str = INTERACTIVE,
) -> Sequence[schema.Prediction | None]:
    """One prediction an episode, all None without a model.

    Raises:
        NotReady, Busy: the scorer is down or has too much to do.
        Invalid: the model can't be served.
    """
    if model is None or not runs:
        return [None] * len(runs)
    seconds = seconds or settings.SCORE_DEADLINE_SECONDS
    return jobs.predict(model.sha256, runs, seconds, lane)


def begin(
    model: RewardModel | None,
    runs: Sequence[schema.Episode],
    promise: Promise | None = None,
) -> Callable[[], Sequence[schema.Prediction | None]]:
    """Ask now; what is returned waits for the answer. Raises: as `ask`, both; and
    Superseded where the promise no longer holds."""
    if model is None or not runs:
        return lambda: [None] * len(runs)
    seconds = settings.SCORE_DEADLINE_SECONDS
    return jobs.ask(model.sha256, runs, seconds, promise=promise).answers


def ask_patiently(
    model: RewardModel | None,
    runs: Sequence[schema.Episode],
    seconds: float = PATIENCE_SECONDS,
    lane: str = BULK,
) -> Sequence[schema.Prediction | None]:
    """As `ask`, for those who can wait: they stand in the lane behind people and ask
    again while it is full, for `seconds` in all."""
    until = time.monotonic() + seconds
    while True:
        try:
            return ask(model, runs, until - time.monotonic(), lane)
        except Busy:
            if time.monotonic() + RETRY_SECONDS >= until:
                raise
            time.sleep(RETRY_SECONDS)


def describe(model: RewardModel | None) -> dict[str, Any] | None:
    """A model as a Score names it."""
    return (
        None if model is None else {"id": f"v{model.version}", "sha256": model.sha256}
    )
