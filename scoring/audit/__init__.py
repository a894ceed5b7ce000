"""An audit for reward hacking: what a reward model and a spec do under attack.

Numbers A1 to A16 name the checks (docs/rewards.md says what each one asks). Nothing
here knows a model: `predict` is any callable from episodes to predictions.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from scoring.audit import (
    attacks,
    choosing,
    families,
    meaning,
    shortcuts,
    statistics,
)
from scoring.audit.check import Check
from scoring.audit.trial import Judged, Predict, Trial
from scoring.rewards import DEFAULT, Spec

__all__ = ["Check", "Judged", "Predict", "audit"]

SAMPLE = 12  # runs that are edited and asked about again


def audit(
    runs: Sequence[Judged],
    predict: Predict,
    spec: Spec = DEFAULT,
    *,
    sample: int = SAMPLE,
) -> list[Check]:
    """Every check, in order. `runs` should be of tasks the model was not trained on.

    Raises: what `predict` raises; InvalidEpisode as `rewards.score`.
    """
    trial = Trial.of(runs, predict, spec, sample)
    return sorted(chain.from_iterable(_checks(trial)), key=lambda check: check.number)


def _checks(trial: Trial) -> Iterator[Iterator[Check]]:
    yield attacks.checks(trial)
    yield meaning.checks(trial)
    yield statistics.checks(trial)
    yield families.checks(trial)
    yield choosing.checks(trial)
    yield shortcuts.checks(trial)
