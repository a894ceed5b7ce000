"""Saying and doing the same again: n-grams an earlier step already had, and loops."""

import json
import re
from collections.abc import Sequence

from scoring.rewards.rules import Repetition
from scoring.schema import Episode, Step

# a word of a spaced script, or one character of an unspaced one
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\ud7af]+")

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)

LOOP = 3  # the same calls this many steps running are a loop


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


def _grams(words: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))]


def _canonical(arguments: object) -> str:
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return _ENCODER.encode(arguments)
