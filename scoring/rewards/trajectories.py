"""What a trainer of a critic takes from Scores: returns and GAE of each rollout.

The baseline before step t > 0 is the value head's P(success) after step t - 1, put on
the scale of the outcome reward, V = w_final * (2 p - 1); before the first step, where
no model has seen anything, the mean total of the group. After the last step it is 0
where the episode terminated, else what the value head says.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.rewards.advantages import step_rewards
from scoring.rewards.returns import gae, returns
from scoring.rewards.spec import Spec

Score = Mapping[str, Any]


def trajectories(
    scores: Sequence[Score],
    ended: Sequence[str],
    spec: Spec,
    gamma: float | None = None,
    lam: float | None = None,
) -> list[dict[str, Any]]:
    """`returns` and `gae` [T] of each rollout of a group, in order; `gamma` and `lam`
    are the spec's unless given.

    `returns` are None without a total, `gae` also where the model has no value for a
    step. A truncated rollout's returns go on with the value after its last step where
    there is one.
    """
    gamma = spec.gamma if gamma is None else gamma
    lam = spec.lam if lam is None else lam
    totals = [score["total"] for score in scores if score["total"] is not None]
    mean = sum(totals) / len(totals) if totals else 0.0
    found = []
    for score, end in zip(scores, ended, strict=True):
        if score["total"] is None:
            found.append({"returns": None, "gae": None})
            continue
        values = _values(score, spec)
        after = values[-1] if end == "truncated" else 0.0
        rewards = step_rewards(score)
        row: dict[str, Any] = {
            "returns": returns(rewards, gamma, after or 0.0).tolist(),
            "gae": None,
        }
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            before = [mean, *known[:-1]]
            row["gae"] = gae(rewards, before, gamma, lam, after or 0.0)[0].tolist()
        found.append(row)
    return found


def _values(score: Score, spec: Spec) -> list[float | None]:
    """V after each step, in units of reward."""
    said = [step["value"] for step in score["steps"]]
    return [None if p is None else spec.final.weight * (2 * p - 1) for p in said]
