"""The auxiliary family: what a run costs. It only charges, so brevity never pays.

phi(t) = share_tok * tok + share_tool * tool + share_rep * rep, clipped to [-1, 0]; its
running minimum is taken in `cells`. Budgets come from the episode's `meta`
(`token_budget`, `tool_budget`), else from the spec; without a budget that part is 0.
"""

import json
import re
from collections.abc import Sequence
from itertools import accumulate

from scoring.errors import InvalidEpisode
from scoring.rewards.spec import Auxiliary, Repetition, Tokens, Tools
from scoring.schema import Episode, Step

# a word of a spaced script, or one character of an unspaced one
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\ud7af]+")

LOOP = 3  # the same calls this many steps running are a loop


def prefix_values(episode: Episode, rule: Auxiliary) -> list[float]:
    """phi of every prefix of an episode, in [-1, 0]; one entry a step."""
    parts = zip(
        token_values(
            [_written(s) or 0 for s in episode.steps],
            _budget(episode, rule.tokens),
            rule.tokens,
        ),
        tool_values(
            [len(s.calls) for s in episode.steps],
            _budget(episode, rule.tools),
            rule.tools,
        ),
        repetition_values([words(step) for step in episode.steps], rule.repetition),
        strict=True,
    )
    shares = (rule.tokens.share, rule.tools.share, rule.repetition.share)
    return [
        max(-1.0, sum(share * part for share, part in zip(shares, row, strict=True)))
        for row in parts
    ]


def token_values(
    used: Sequence[int], budget: float | None, rule: Tokens
) -> list[float]:
    """clip((soft B - L) / ((hard - soft) B), -1, 0) with L the tokens written so far:
    0 up to soft, -1 from hard on. The form is DAPO's (2503.14476); the floor of -1 is
    explicit, since copies without it run away."""
    if budget is None:
        return [0.0] * len(used)
    width = (rule.hard - rule.soft) * budget
    return [
        min(0.0, max(-1.0, (rule.soft * budget - total) / width))
        for total in accumulate(used)
    ]


def tool_values(calls: Sequence[int], budget: float | None, rule: Tools) -> list[float]:
    """-min(cap, (C - B) / max(B, 1)) beyond the budget B of calls, 0 within it: -1 is
    reached at twice the budget."""
    if budget is None:
        return [0.0] * len(calls)
    return [
        -min(rule.cap, max(0.0, total - budget) / max(budget, 1))
        for total in accumulate(calls)
    ]


def repetition_values(
    steps: Sequence[Sequence[Sequence[str]]], rule: Repetition
) -> list[float]:
    """-repeated / max(all, least) over the n-grams of a prefix.

    `steps` holds, per step, passages of words; an n-gram never crosses a passage, and a
    passage shorter than n is one gram. A gram is repeated when an *earlier* step has
    it; within one step only when that step has at least `least` grams, so a short step
    is never charged for itself and a step that babbles is.
    """
    seen: set[tuple[str, ...]] = set()
    repeated = total = 0
    values = []
    for passages in steps:
        grams = [gram for words in passages for gram in _grams(words, rule.n)]
        repeated += sum(gram in seen for gram in grams)
        fresh = [gram for gram in grams if gram not in seen]
        if len(grams) >= rule.least:
            repeated += len(fresh) - len(set(fresh))
        seen.update(fresh)
        total += len(grams)
        values.append(0.0 - repeated / max(total, rule.least))
    return values


def words(step: Step) -> list[list[str]]:
    """The passages of a step: what it thinks and says, then each call with its
    arguments, as lower-case words."""
    texts = [f"{step.thought} {step.text}"]
    texts += [f"{call.name} {_canonical(call.arguments)}" for call in step.calls]
    found = [_WORD.findall(text.lower()) for text in texts]
    return [passage for passage in found if passage]


def loops(episode: Episode) -> list[bool]:
    """Whether each step makes the very calls of the LOOP - 1 steps before it."""
    made = [
        tuple((call.name, _canonical(call.arguments)) for call in step.calls)
        for step in episode.steps
    ]
    return [
        bool(calls) and t >= LOOP - 1 and len(set(made[t - LOOP + 1 : t + 1])) == 1
        for t, calls in enumerate(made)
    ]


def unknown_tokens(episode: Episode, rule: Auxiliary) -> list[bool]:
    """Steps that a token budget can't judge, because nobody counted their tokens."""
    budgeted = _budget(episode, rule.tokens) is not None
    return [budgeted and _written(step) is None for step in episode.steps]


def _grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))]


def _canonical(arguments: object) -> str:
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return json.dumps(arguments, sort_keys=True, ensure_ascii=False)


def _written(step: Step) -> int | None:
    return None if step.tokens is None else step.tokens.outputs


def _budget(episode: Episode, rule: Tokens | Tools) -> float | None:
    key = "token_budget" if isinstance(rule, Tokens) else "tool_budget"
    budget = episode.meta.get(key)
    if budget is None:
        return rule.budget
    least = 1 if isinstance(rule, Tokens) else 0
    if isinstance(budget, bool) or not isinstance(budget, int) or budget < least:
        detail = f"expected a whole number, {least} or more"
        raise InvalidEpisode(detail, pointer=f"/meta/{key}")
    return budget
