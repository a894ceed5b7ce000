"""From an episode and what a model said of it to the Score."""

from collections.abc import Mapping
from typing import Any

from scoring.errors import ModelMismatch
from scoring.rewards import auxiliary, final, gate, process
from scoring.rewards.combination import DEFAULT
from scoring.rewards.scores import Sheet, write
from scoring.rewards.social import Social
from scoring.rewards.spec import Spec
from scoring.schema import Episode, Prediction

_UNSEEN = Social()


def score(
    episode: Episode,
    prediction: Prediction | None,
    spec: Spec = DEFAULT,
    *,
    social: Social | None = None,
    model: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The Score of one episode: JSON-ready, its cells sum to its total (1e-9).

    Without a prediction, or where it has no q for a step, the process family carries
    forward. Without an outcome the total is None, `valid` false and `reasons` says why.

    Raises:
        InvalidEpisode: a budget in `meta` is no number.
        InvalidSignals: `social.harm` has another length than the episode.
        ModelMismatch: the prediction is of another episode (its length differs).
    """
    said = prediction or _silent(len(episode.steps))
    if len(said.q) != len(episode.steps):
        detail = f"{len(said.q)} predictions for {len(episode.steps)} steps"
        raise ModelMismatch(detail)
    return write([_sheet(episode, said, spec, social or _UNSEEN)], spec, model)[0]


def _sheet(episode: Episode, said: Prediction, spec: Spec, social: Social) -> Sheet:
    q, flags = process.judged(episode, said, spec.process)
    for flag, rows in (
        ("loop", auxiliary.loops(episode)),
        ("tokens_unknown", auxiliary.unknown_tokens(episode, spec.auxiliary)),
    ):
        for step, raised in enumerate(rows):
            flags[step] += [flag] * raised
    f, source = final.outcome(episode, said, spec.final)
    return Sheet(
        episode=episode.id,
        q=q,
        auxiliary=auxiliary.prefix_values(episode, spec.auxiliary),
        final=f,
        preference=social.preference,
        tone=social.tone,
        violations=gate.violations(episode, spec.gate, social.harm),
        prediction=said,
        flags=flags,
        notes={"final": {"source": source}, "social": {"coverage": social.coverage}},
    )


def _silent(steps: int) -> Prediction:
    nothing = (None,) * steps
    return Prediction(q=nothing, q_std=nothing, verdicts=nothing, value=nothing)
