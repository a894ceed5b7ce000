"""The auxiliary family: what a run costs. It only charges, so brevity never pays.

phi(t) is the weighted sum of the parts below, clipped to [-1, 0]; its running minimum
is taken in `cells`. Budgets come from the episode's `meta` (`token_budget`,
`cost_budget`, `seconds_budget`, `tool_budget`), else from the spec; without a budget a
part is 0.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import accumulate

from scoring.errors import InvalidEpisode
from scoring.rewards.repetition import repetition_values, words
from scoring.rewards.rules import Auxiliary, Overlong, Tools
from scoring.schema import Episode, Step


def prefix_values(episode: Episode, rule: Auxiliary) -> list[float]:
    """phi of every prefix of an episode, in [-1, 0]; one entry a step.

    Raises:
        InvalidEpisode: a budget in `meta` is no number above 0.
    """
    steps = episode.steps
    overlong = (
        overlong_values(
            [spent(step) or 0.0 for step in steps],
            _budget(episode, f"{name}_budget", part),
            part,
        )
        for name, part, spent in _spending(rule)
    )
    tools = tool_values(
        [len(step.calls) for step in steps],
        _budget(episode, "tool_budget", rule.tools),
        rule.tools,
    )
    repetition = repetition_values([words(step) for step in steps], rule.repetition)
    rows = zip(*overlong, tools, repetition, strict=True)
    return [
        max(
            -1.0,
            sum(share * part for share, part in zip(rule.shares, row, strict=True)),
        )
        for row in rows
    ]


def overlong_values(
    spent: Sequence[float], budget: float | None, rule: Overlong
) -> list[float]:
    """clip((soft B - L) / ((hard - soft) B), -1, 0) with L what was spent so far: 0 up
    to soft, -1 from hard on. The form is DAPO's (2503.14476); the floor of -1 is
    explicit, since copies without it run away."""
    if budget is None:
        return [0.0] * len(spent)
    width = (rule.hard - rule.soft) * budget
    return [
        min(0.0, max(-1.0, (rule.soft * budget - total) / width))
        for total in accumulate(spent)
    ]


def tool_values(calls: Sequence[int], budget: float | None, rule: Tools) -> list[float]:
    """-min(cap, (C - B) / max(B, 1)) beyond the budget B of calls, 0 within it: -1 is
    reached at twice the budget."""
    if budget is None:
        return [0.0] * len(calls)
    return [
        0.0 - min(rule.cap, max(0.0, total - budget) / max(budget, 1))
        for total in accumulate(calls)
    ]


def unmeasured(episode: Episode, rule: Auxiliary) -> list[list[str]]:
    """For each step the flags of what a budget exists for and nobody measured."""
    budgeted = [
        (f"{name}_unknown", spent)
        for name, part, spent in _spending(rule)
        if _budget(episode, f"{name}_budget", part) is not None
    ]
    return [
        [flag for flag, spent in budgeted if spent(step) is None]
        for step in episode.steps
    ]


_Spent = Callable[[Step], float | None]


def _spending(rule: Auxiliary) -> Sequence[tuple[str, Overlong, _Spent]]:
    return (
        ("token", rule.tokens, _written),
        ("cost", rule.cost, lambda step: step.cost),
        ("seconds", rule.seconds, _elapsed),
    )


def _written(step: Step) -> float | None:
    return None if step.tokens is None else step.tokens.outputs


def _elapsed(step: Step) -> float | None:
    if step.started_at is None or step.ended_at is None:
        return None
    try:
        started, ended = map(datetime.fromisoformat, (step.started_at, step.ended_at))
        return max(0.0, (ended - started).total_seconds())
    except (ValueError, TypeError):
        # no ISO time, or one with a zone beside one without
        return None


def _budget(episode: Episode, key: str, rule: Overlong | Tools) -> float | None:
    budget = episode.meta.get(key, rule.budget)
    if budget is None:
        return None
    if isinstance(budget, bool) or not isinstance(budget, int | float):
        raise InvalidEpisode("expected a number", pointer=f"/meta/{key}")
    # a run may have no call left; a budget of no token at all has no scale
    if not (0 < budget <= 1e9 or (budget == 0 and isinstance(rule, Tools))):
        raise InvalidEpisode("expected a number above 0", pointer=f"/meta/{key}")
    return float(budget)
