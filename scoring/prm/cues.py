"""What is cheap to see of a step: where it stands, how long it is, what it repeats.

A small trunk reads language well and counts badly. These numbers say what it cannot
count: how much of a step was never said before, whether a call is made again, whether a
stated sum holds. Each is about the task and steps 0..t alone, so they keep the causal
contract, and none is about the outcome, an id or the length to come.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scoring.prm.arithmetic import equalities
from scoring.schema import Episode, Step

MAX_CHARACTERS = 20_000  # of a text; beyond them nothing more is counted
MEMORY = 64  # earlier steps a step is compared with, the latest ones

NAMES = (
    *("index", "log_index", "is_first", "log_characters", "log_words", "longer"),
    *("variety", "new_words", "from_task", "of_task", "from_context"),
    *("numbers", "new_numbers", "log_new_numbers", "digits", "symbols"),
    *("lines", "equals", "questions", "dollars", "boxed", "thinks"),
    *("calls", "calls_before", "same_call", "failed_before"),
    *("like_nearest", "like_last", "like_mean"),
    *("sums_right", "sums_wrong", "any_sum_wrong", "sums_wrong_before"),
    *("log_context", "log_task"),
)

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


@dataclass(slots=True)
class Memory:
    """What the steps so far, and the task, have shown."""

    task: frozenset[str]
    log_task: float
    words: set[str]
    numbers: set[str]
    steps: list[frozenset[str]] = field(default_factory=list)
    lengths: list[float] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    failed: bool = False
    results: str = ""
    sums_wrong: int = 0

    @property
    def bytes(self) -> int:
        """Roughly."""
        said = len(self.words) + len(self.numbers) + sum(map(len, self.steps))
        return 100 * said + 200 * len(self.calls) + 2 * len(self.results)


def cues(episode: Episode) -> Iterator[tuple[float, ...]]:
    """One row of len(NAMES) numbers a step, in order."""
    memory = remember(episode)
    for step in episode.steps:
        yield row(step, memory)


def remember(episode: Episode) -> Memory:
    """What is known before the first step."""
    task = episode.task[:MAX_CHARACTERS]
    words = _words(task)
    return Memory(words, math.log1p(len(task)), {*words}, {*_NUMBER.findall(task)})


def row(step: Step, memory: Memory) -> tuple[float, ...]:
    """The numbers of the next step, which `memory` then has seen, with its results."""
    text = _said(step)
    context = f"{memory.results} {step.observation}"[:MAX_CHARACTERS]
    around = _words(context)
    memory.words |= around
    memory.numbers |= {*_NUMBER.findall(context)}
    right, wrong = equalities(text)
    numbers = (
        *_place(step, text, memory),
        *_vocabulary(text, around, memory),
        *_form(step, text),
        *_acts(step, memory),
        *_repeats(_words(text), memory),
        *(right, wrong, wrong > 0, memory.sums_wrong),
        *(math.log1p(len(context)), memory.log_task),
    )
    _remember(step, text, wrong, memory)
    return tuple(float(number) for number in numbers)


def _place(step: Step, text: str, memory: Memory) -> Sequence[float]:
    length = math.log1p(len(text))
    usual = sum(memory.lengths) / len(memory.lengths) if memory.lengths else length
    words = math.log1p(len(_WORD.findall(text)))
    log_index = math.log1p(step.index)
    return step.index, log_index, step.index == 0, length, words, length - usual


def _vocabulary(text: str, around: frozenset[str], memory: Memory) -> Sequence[float]:
    words, numbers = _words(text), _NUMBER.findall(text)
    new = sum(number not in memory.numbers for number in numbers)
    size = max(1, len(words))
    return (
        len(words) / max(1, len(_WORD.findall(text))),
        len(words - memory.words) / size,
        len(words & memory.task) / size,
        len(words & memory.task) / max(1, len(memory.task)),
        len(words & around) / size,
        len(numbers),
        new / max(1, len(numbers)),
        math.log1p(new),
    )


def _form(step: Step, text: str) -> Sequence[float]:
    size = max(1, len(text))
    symbols = sum(not (c.isalnum() or c.isspace()) for c in text)
    marks = (text.count(mark) for mark in ("\n", "=", "?", "$"))
    return (
        sum(c.isdigit() for c in text) / size,
        symbols / size,
        *marks,
        "boxed" in text,
        bool(step.thought),
    )


def _acts(step: Step, memory: Memory) -> Sequence[float]:
    again = any(call in memory.calls for call in _calls(step))
    return len(step.calls), len(memory.calls), again, memory.failed


def _repeats(words: frozenset[str], memory: Memory) -> Sequence[float]:
    """How alike the step's words are to earlier steps' (Jaccard index)."""
    alike = [
        len(words & other) / max(1, len(words | other))
        for other in memory.steps[-MEMORY:]
    ]
    if not alike:
        return 0.0, 0.0, 0.0
    return max(alike), alike[-1], sum(alike) / len(alike)


def _remember(step: Step, text: str, wrong: int, memory: Memory) -> None:
    words = _words(text)
    memory.words |= words
    memory.numbers |= {*_NUMBER.findall(text)}
    memory.steps.append(words)
    memory.lengths.append(math.log1p(len(text)))
    memory.calls += _calls(step)
    memory.failed = any(call.is_error for call in step.calls)
    memory.results = " ".join(call.result or "" for call in step.calls)
    memory.sums_wrong += wrong


def _said(step: Step) -> str:
    calls = (f"{name}({arguments})" for name, arguments in _calls(step))
    said = "\n".join(filter(None, (step.thought, step.text, *calls)))
    return said[:MAX_CHARACTERS]


def _calls(step: Step) -> list[tuple[str, str]]:
    return [(call.name, str(call.arguments)) for call in step.calls]


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text))
