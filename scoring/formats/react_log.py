"""The text of a ReAct log, cut into episodes and labelled paragraphs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scoring.errors import UnreadableFile
from scoring.formats.rows import MAX_ROW

QUESTION = ("Question", "Claim")

_LABEL = re.compile(
    r"(Question|Claim|Context|Thought|Action|Action Input|Observation|Final Answer"
    r"|Correct answer|Reflection)(?: \d+)?:[ \t]?(.*)"
)
_GROUP = re.compile(r"BEGIN (CORRECT|INCORRECT|HALTED) AGENTS|BEGIN TRIAL (\d+)")
_BEGINS = re.compile(r"(?:Question|Claim|Context)(?: \d+)?:|Action: reset\s*\Z")
_RULE = re.compile(r"[-#=]{5,}\s*\Z")
# how many lines from its end an episode's rule may stand
_TAIL = 6


@dataclass(slots=True)
class Block:
    """One episode; `parts` are its labelled paragraphs (label, body), once closed."""

    line: int
    group: str = ""
    trial: str = ""
    parts: list[tuple[str, str]] = field(default_factory=list)
    paragraphs: list[tuple[str, list[str]]] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        self.size += len(text) + 1
        if self.size > MAX_ROW:
            raise UnreadableFile("one episode of more than 64 MB", line=self.line)
        label = _LABEL.match(text)
        if label is not None:
            self.paragraphs.append((label.group(1), [label.group(2)]))
        elif self.paragraphs:
            self.paragraphs[-1][1].append(text)

    def close(self) -> "Block":
        """Join the paragraphs, without the rule that ends the episode."""
        if self.paragraphs:
            lines = self.paragraphs[-1][1]
            del lines[_end(lines) :]
        joined = ((name, "\n".join(lines)) for name, lines in self.paragraphs)
        self.parts = [(name, body.strip()) for name, body in joined]
        return self

    def holds(self, *labels: str) -> bool:
        return any(name in labels for name, _ in self.paragraphs)

    def is_run(self) -> bool:
        return self.holds("Thought", "Action")


def blocks(lines: Iterator[tuple[int, str]]) -> Iterator[Block]:
    block, group, trial = Block(1), "", ""
    for number, line in lines:
        heading = _GROUP.search(line)
        if heading is not None:
            group, trial = heading.group(1) or "", heading.group(2) or trial
        template_ends = line.strip() == "Begin!"
        if template_ends or heading is not None or _begins(block, line):
            # LangChain's prompt explains the labels by an example, which is no episode
            if block.is_run() and not template_ends:
                yield block.close()
            block = Block(number, group, trial)
        block.add(line)
    if block.is_run():
        yield block.close()


def _begins(block: Block, line: str) -> bool:
    """Whether a new episode begins here; a context may stand before its question."""
    return bool(_BEGINS.match(line)) and (block.is_run() or block.holds(*QUESTION))


def _end(lines: list[str]) -> int:
    """Where the rule stands that parts an episode from the next, or the last line."""
    first = max(len(lines) - _TAIL, 0)
    tail = range(first, len(lines))
    return next((i for i in tail if _RULE.match(lines[i])), len(lines))
