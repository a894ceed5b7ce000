"""Where evidence stands: the texts of a step, each with its JSON pointer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scoring.schema import Call, Step


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of an episode and the RFC 6901 pointer it stands at."""

    pointer: str
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A span of characters in a passage and, in words, what it is."""

    passage: Passage
    start: int
    end: int
    detail: str

    @property
    def quote(self) -> str:
        return self.passage.text[self.start : self.end]


def spoken(step: Step) -> Iterator[Passage]:
    """What others see of a step: its text (a thought stays private)."""
    if step.text:
        yield Passage(f"/steps/{step.index}/text", step.text)


def words_of(step: Step) -> Iterator[str]:
    """What the agent's model wrote in prose: thought and text."""
    yield from filter(None, (step.thought, step.text))


def written(step: Step) -> Iterator[tuple[Call, list[Passage]]]:
    """Each call of a step with the texts among its arguments."""
    for i, call in enumerate(step.calls):
        at = f"/steps/{step.index}/calls/{i}/arguments"
        yield call, list(_texts(call.arguments, at))


def _texts(value: Any, at: str) -> Iterator[Passage]:
    # an explicit stack: arguments may be nested deeper than Python recurses
    stack = [(value, at)]
    while stack:
        item, pointer = stack.pop()
        if isinstance(item, str):
            yield Passage(pointer, item)
        elif isinstance(item, dict):
            pairs = [(v, f"{pointer}/{_escaped(str(k))}") for k, v in item.items()]
            stack.extend(reversed(pairs))
        elif isinstance(item, list):
            stack.extend((v, f"{pointer}/{i}") for i, v in reversed([*enumerate(item)]))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
