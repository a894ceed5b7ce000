"""The kind of a step: which of the seven abilities of an agent it shows.

What decides, the first of these that says anything:

1. the mapping that a user gave with the import (`Kinds`);
2. the file's own field, where the format has one;
3. the tools that the step calls, by TOOLS: a step is of a kind when all its calls are;
4. the word that the step's text or thought begins with, by WORDS;
5. `schema.infer_kind`: a call makes it `tool`, a bare thought `reasoning`, anything
   said `message`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import lru_cache
from typing import Any

from scoring.errors import InvalidInput
from scoring.schema import KINDS, Call, Episode, Step, infer_kind

MAX_RULES = 100
MAX_PATTERN = 100

# read from top to bottom; a name is of the first kind whose pattern is found in it
TOOLS = (
    (
        "memory",
        r"memor|remember|recall|archival|conversation_search|(?:^|[_.-])notes?(?:$|_)",
    ),
    (
        "planning",
        r"todo|(?:^|[_.-])plan|planning|planmode|decompose|write(?:prd|design|tasks)",
    ),
    ("reflection", r"reflect|critique|self_review"),
    ("reasoning", r"^think|(?:^|_)think(?:ing)?$|scratchpad"),
    ("perception", r"screenshot|observe|view_image|look_at|^look$|take_snapshot"),
    (
        "message",
        r"send_message|^respond$|^reply|ask_user|^finish|^final_answer$|^submit$",
    ),
)
# what a step without calls may begin with, and a colon or the end of the line
WORDS = (
    ("planning", r"(?:the |my |next |updated )?plan(?:ning)?"),
    ("reflection", r"(?:self-)?(?:reflections?|critique|criticism|review)"),
    ("memory", r"(?:memory|note to self)"),
    ("perception", r"(?:i see|what i see|on the screen)"),
)
_TOOLS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in TOOLS)
_WORDS = tuple(
    (kind, re.compile(rf"[\s#*]*{pattern}[ *]*(?::|\n)", re.IGNORECASE))
    for kind, pattern in WORDS
)


def kind_of(calls: Sequence[Call], thought: str, text: str) -> str:
    """The kind of a step by rules 3 to 5."""
    kinds = {_kind_of_tool(call.name) for call in calls}
    if len(kinds) == 1:
        return kinds.pop()
    said = None if calls else _kind_of_words(text or thought)
    return said or infer_kind(calls, thought, text)


@lru_cache(maxsize=4096)
def _kind_of_tool(name: str) -> str:
    return next((kind for kind, rule in _TOOLS if rule.search(name)), "tool")


def _kind_of_words(words: str) -> str | None:
    return next((kind for kind, rule in _WORDS if rule.match(words)), None)


def own_kind(value: Any) -> dict[str, str]:
    """A kind that a file states, as a field of Step; nothing if it is none of ours."""
    return {"kind": value} if isinstance(value, str) and value in KINDS else {}


@dataclass(frozen=True, slots=True)
class Kinds:
    """A user's mapping from tools to kinds. A pattern is a tool's name in which `*`
    and `?` stand for anything; the first one that fits counts."""

    rules: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def of(cls, mapping: Mapping[str, str]) -> "Kinds":
        """Check a mapping of patterns to kinds.

        Raises:
            InvalidInput: too many or too long patterns, or a kind that isn't one.
        """
        if len(mapping) > MAX_RULES:
            raise InvalidInput(f"{len(mapping)} rules for kinds (at most {MAX_RULES})")
        return cls(tuple(_rules(mapping)))

    def applied(self, episode: Episode) -> Episode:
        """The episode with the kinds that the mapping knows better."""
        steps = tuple(map(self._step, episode.steps))
        return episode if steps == episode.steps else replace(episode, steps=steps)

    def _step(self, step: Step) -> Step:
        kinds = {self._of_tool(call.name) for call in step.calls}
        said = kinds.pop() if len(kinds) == 1 else None
        return step if said is None else replace(step, kind=said)

    def _of_tool(self, name: str) -> str | None:
        return next((kind for rule, kind in self.rules if rule.match(name)), None)


def _rules(mapping: Mapping[str, str]) -> Iterator[tuple[re.Pattern[str], str]]:
    for pattern, kind in mapping.items():
        if kind not in KINDS:
            known = ", ".join(KINDS)
            raise InvalidInput(f"{kind!r} is no kind of a step; known are {known}")
        if not pattern or len(pattern) > MAX_PATTERN:
            raise InvalidInput(f"a pattern of {len(pattern)} characters for {kind}")
        yield re.compile(translate(pattern)), kind
