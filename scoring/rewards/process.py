"""The process family: which q_t a step is charged by.

The charge itself, the clipped running minimum, is `cells.step_charges`. Here a model's
prediction becomes q: lowered by its own disagreement, unknown where it disagrees too
much, 0 where a rule is broken.
"""

from collections.abc import Sequence

from scoring.rewards import results
from scoring.rewards.order import broken
from scoring.rewards.rules import Process
from scoring.rewards.toolcalls import faults
from scoring.schema import Episode, Prediction


def judged(
    prediction: Prediction, rule: Process, charged: Sequence[tuple[int, str]]
) -> tuple[list[float | None], list[list[str]]]:
    """The q to reward and the flags of each step, `charged` ones among them.

    None means the step moves nothing (flag `carry_forward`).
    """
    pairs = zip(prediction.q, prediction.q_std, strict=True)
    q = [cautious(mean, std, rule) for mean, std in pairs]
    flags: list[list[str]] = [[] for _ in q]
    for step, std in enumerate(prediction.q_std):
        if std is not None and std > rule.max_std:
            flags[step].append("uncertain")
    for step, value in enumerate(q):
        if value is None:
            flags[step].append("carry_forward")
    for step, reason in charged:
        q[step] = 0.0
        flags[step].append(reason)
    return q, flags


def cautious(mean: float | None, std: float | None, rule: Process) -> float | None:
    """mean - caution * std², the UWO rule of conservative ensembles (2310.02743), in
    [0, 1]; None where the heads disagree by more than max_std."""
    if mean is None or std is None:
        return mean
    if std > rule.max_std:
        return None
    return max(0.0, mean - rule.caution * std * std)


def charges(episode: Episode, rule: Process) -> Sequence[tuple[int, str]]:
    """Steps that break a rule, whatever a model says of them, each with the reason."""
    told = [
        (step, name)
        for name, breaches in _OF_RESULTS.items()
        if name in rule.rules
        for step in breaches(episode)
    ]
    return [*faults(episode, rule.rules), *told, *broken(episode, rule.order)]


_OF_RESULTS = {
    "invented_results": results.invented,
    "unresolved_calls": results.unresolved,
}
