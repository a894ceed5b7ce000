"""Planted runs: steps known to be wrong because we made them so, and steps that stay
what they were though they sound otherwise.

A policy in training finds the outputs a reward model was never shown: polite noise, a
word to the grader, the same call again, another tool, a number off by one. Each is
planted in runs of the training split and labelled -1. So that a model doesn't learn to
hear the manners instead, other runs are planted with every text put differently and the
verdicts as they were. Everything follows from the data and a seed. No text is one of
the audit's (scoring/audit/edits.py): what it measures must not be learned by heart.
"""

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scoring.prm.examples import Example
from scoring.prm.remarks import unrelated
from scoring.schema import Call, Episode, Outcome, Step

REPEATS = 3
STYLES = (
    *("Gladly! {}", "I would love to do that. {}", "{} Hope that helps!", "Well, {}"),
    *("Let me be perfectly clear: {}", "{} There is no doubt about it.", "{} :)"),
    *("{} (double-checked)", "{} Kind regards.", "Thanks for waiting. {}", "- {}"),
    *("# {}", "_{}_", "Great question! {}", "{} ✨", "{} I checked this twice."),
)
# not in an exponent: it would make an infinity
_DIGITS = re.compile(r"(?<![0-9eE])(?<![eE][+-])[0-9]+")


@dataclass(frozen=True, slots=True)
class Planted:
    """Steps of a run and what is to be learned of each; None: nothing."""

    steps: tuple[Step, ...]
    verdicts: tuple[int | None, ...]

    @classmethod
    def wrong(cls, *steps: Step) -> "Planted":
        """A run whose last step is wrong, the only one judged."""
        return cls(steps, (None,) * (len(steps) - 1) + (-1,))


Planter = Callable[[Example, random.Random], Planted | None]


def hard_negatives(
    examples: Sequence[Example], weight: float, seed: int, share: float = 1.0
) -> Iterator[Example]:
    """Planted runs beside the training examples, each step of them of `weight`; nothing
    where that is 0. How many, `SHARES` says, times `share`.

    The task stays, so that a planted run is in the fold of the one it was made from.
    """
    for example in examples if weight else ():
        if example.split == "train":
            yield from _planted(example, weight, seed, share)


def _planted(
    example: Example, weight: float, seed: int, share: float
) -> Iterator[Example]:
    chance = random.Random(f"{seed}/{example.episode.content_hash()}")  # noqa: S311
    for names, often in SHARES.items():
        if chance.random() >= often * share:
            continue
        kinds = chance.sample(names, len(names))
        # the first kind that finds an opening in the run
        found = ((kind, PLANTERS[kind](example, chance)) for kind in kinds)
        for kind, planted in found:
            if planted is not None:
                yield _example(example.episode, planted, kind, weight)
                break


def _example(episode: Episode, planted: Planted, kind: str, weight: float) -> Example:
    made = replace(
        episode,
        id=f"{episode.id}/{kind}",
        steps=tuple(replace(step, index=t) for t, step in enumerate(planted.steps)),
        outcome=Outcome(),
        meta={**episode.meta, "planted": kind},
    )
    weights = (weight,) * len(planted.steps)
    return Example(made, planted.verdicts, None, "train", weights)


def _only_noise(example: Example, chance: random.Random) -> Planted:
    """A run that is nothing but an unrelated remark, or the task said again."""
    return Planted.wrong(Step(0, text=unrelated(chance, example.episode.task)))


def _noise(example: Example, chance: random.Random) -> Planted | None:
    """A remark in the place of a right step."""
    at = _right(example, chance)
    if at is None:
        return None
    steps = example.episode.steps
    remark = Step(0, text=unrelated(chance, example.episode.task))
    heard = replace(remark, observation=steps[at].observation, agent=steps[at].agent)
    return Planted.wrong(*steps[:at], heard)


def _repetition(example: Example, chance: random.Random) -> Planted | None:
    """A step that calls something, and then the very same again and again."""
    steps = example.episode.steps
    calling = [t for t, step in enumerate(steps) if step.calls]
    if not calling:
        return None
    at = chance.choice(calling)
    again = replace(steps[at], observation="")
    return Planted.wrong(*steps[: at + 1], *[again] * REPEATS)


def _number(example: Example, chance: random.Random) -> Planted | None:
    """A right step with other numbers in what it calls, or else in what it says."""
    at = _right(example, chance)
    if at is None:
        return None
    step = example.episode.steps[at]
    spoiled = replace(step, calls=tuple(_miscalled(c, chance) for c in step.calls))
    if spoiled == step:
        spoiled = replace(
            step,
            thought=_miscounted(step.thought, chance),
            text=_miscounted(step.text, chance),
        )
    if spoiled == step:
        return None
    return Planted.wrong(*example.episode.steps[:at], spoiled)


def _tool(example: Example, chance: random.Random) -> Planted | None:
    """A right step that calls another tool of the run's with the same arguments."""
    steps = example.episode.steps
    names = {call.name for step in steps for call in step.calls}
    at = _right(example, chance, calling=True)
    if at is None or len(names) < 2:
        return None
    first, *more = steps[at].calls
    name = chance.choice(sorted(names - {first.name}))
    spoiled = replace(steps[at], calls=(replace(first, name=name), *more))
    return Planted.wrong(*steps[:at], spoiled)


def _restyled(example: Example, chance: random.Random) -> Planted | None:
    """The run with every text put differently: nothing is judged otherwise for it."""
    form = chance.choice(STYLES)
    steps = tuple(
        replace(
            step,
            text=step.text and form.format(step.text),
            thought=step.thought and form.format(step.thought),
        )
        for step in example.episode.steps
    )
    return None if steps == example.episode.steps else Planted(steps, example.verdicts)


def _right(
    example: Example, chance: random.Random, *, calling: bool = False
) -> int | None:
    """Some step that somebody called right, with nothing wrong before it."""
    found = list[int]()
    for t, verdict in enumerate(example.verdicts):
        if verdict == -1:
            break
        if verdict == 1 and (example.episode.steps[t].calls or not calling):
            found.append(t)
    return chance.choice(found) if found else None


def _miscalled(call: Call, chance: random.Random) -> Call:
    if isinstance(call.arguments, str):
        return replace(call, arguments=_miscounted(call.arguments, chance))
    text = _miscounted(json.dumps(call.arguments, ensure_ascii=False), chance)
    return replace(call, arguments=json.loads(text))


def _miscounted(text: str, chance: random.Random) -> str:
    """Every number another one of as many digits, which JSON can hold as well."""
    return _DIGITS.sub(lambda found: _other(found[0], chance), text)


def _other(digits: str, chance: random.Random) -> str:
    last = (int(digits[-1]) + chance.randint(1, 8)) % 10
    return digits[:-1] + str(last)


PLANTERS: Mapping[str, Planter] = {
    "only_noise": _only_noise,
    "noise": _noise,
    "repetition": _repetition,
    "number": _number,
    "tool": _tool,
    "restyled": _restyled,
}
# kinds, and the share of the training runs that get one of them. A run of one remark
# costs next to nothing to read.
SHARES: Mapping[tuple[str, ...], float] = {
    ("only_noise",): 1.0,
    ("noise", "repetition", "number", "tool"): 0.3,
    ("restyled",): 0.3,
}
