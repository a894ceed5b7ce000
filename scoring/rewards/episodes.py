"""From an episode and what a model said of it to the Score."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from scoring.errors import ModelMismatch
from scoring.rewards import final, gate, process
from scoring.rewards.combination import DEFAULT
from scoring.rewards.reading import Reading, read
from scoring.rewards.scores import Sheet, write
from scoring.rewards.signals import check_corrections
from scoring.rewards.social import Social, looked_at
from scoring.rewards.spec import Spec
from scoring.schema import Episode, Prediction

_UNSEEN = Social()


def score(
    episode: Episode,
    prediction: Prediction | None,
    spec: Spec = DEFAULT,
    *,
    social: Social | None = None,
    corrections: Sequence[tuple[int, int]] = (),
    model: Mapping[str, Any] | None = None,
    reading: Reading | None = None,
) -> dict[str, Any]:
    """The Score of one episode: JSON-ready, its cells sum to its total (1e-9).

    Without a prediction, or where it has no q for a step, the process family carries
    forward. `corrections` are pairs (t, j): step t put step j < t right; they count
    where the spec grants recovery. Without an outcome the total is None, `valid` false
    and `reasons` says why. `reading` is what `read` finds in the episode under this
    spec, for whom it pays to find it before.

    Raises:
        InvalidEpisode: a budget in `meta` is no number.
        InvalidSignals: `social` or `corrections` don't fit the episode.
        ModelMismatch: the prediction is of another length, or holds a NaN.
    """
    said = prediction or _silent(len(episode.steps))
    _check(said, len(episode.steps))
    check_corrections(corrections, len(said.q))
    found = reading or read(episode, spec)
    sheet = _sheet(episode, said, spec, social or _UNSEEN, found, corrections)
    return write([sheet], spec, model)[0]


def _sheet(
    episode: Episode,
    said: Prediction,
    spec: Spec,
    social: Social,
    found: Reading,
    corrections: Sequence[tuple[int, int]],
) -> Sheet:
    q, flags = process.judged(said, spec.process, found.charges)
    for step, noted in enumerate(found.flags):
        flags[step] += noted
    f, source = final.outcome(episode, said, spec.final)
    # people's word on harm must fit before anything is read into it
    violations = gate.violations(
        episode, spec.gate, social, said.social, found.violations
    )
    social, seen = looked_at(episode, social, said.social, spec.social, spec.gate)
    return Sheet(
        episode=episode.id,
        q=q,
        auxiliary=found.auxiliary,
        final=f,
        preference=social.preference,
        tone=social.tone,
        violations=violations,
        corrections=corrections,
        prediction=said,
        flags=flags,
        notes={
            "final": {"source": source},
            "social": seen,
        },
    )


def _check(said: Prediction, steps: int) -> None:
    for series in (said.q, said.q_std, said.verdicts, said.value):
        if len(series) != steps:
            raise ModelMismatch(f"{len(series)} predictions for {steps} steps")
    if any(len(found.steps) != steps for found in said.social.values()):
        raise ModelMismatch(f"a social head did not answer for {steps} steps")
    verdicts = (p for row in said.verdicts for p in row or ())
    conduct = (
        found.probability(t) for found in said.social.values() for t in range(steps)
    )
    for number in (*said.q, *said.q_std, *said.value, *verdicts, *conduct):
        if number is not None and not math.isfinite(number):
            raise ModelMismatch("the model predicted a number that is none")


def _silent(steps: int) -> Prediction:
    nothing = (None,) * steps
    return Prediction(q=nothing, q_std=nothing, verdicts=nothing, value=nothing)
