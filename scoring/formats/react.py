"""ReAct logs: Thought / Action / Observation as text (arXiv:2210.03629).

One file holds many episodes; each begins at `Question:` or `Claim:`. Read are the logs
of ReAct and Reflexion (arXiv:2303.11366) with numbered or bare labels, and the text of
LangChain's ReAct agents (`Action` / `Action Input` / `Final Answer`).

The verdict of the environment ("Answer is CORRECT") becomes the outcome and leaves the
text: a reward model must not read it in the last step.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scoring.errors import InvalidInput, UnreadableFile
from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.rows import MAX_ROW
from scoring.schema import Call, Episode, Outcome

LABEL = re.compile(
    r"(Question|Claim|Context|Thought|Action|Action Input|Observation|Final Answer"
    r"|Correct answer|Reflection)(?: \d+)?:[ \t]?(.*)",
    re.DOTALL,
)
_RULE = re.compile(r"[-#=]{5,}\s*\Z")
# how far from its end an episode's rule may stand
TAIL = 6
_GROUP = re.compile(r"BEGIN (CORRECT|INCORRECT|HALTED) AGENTS|BEGIN TRIAL (\d+)")
_BEGINS = re.compile(r"(?:Question|Claim|Context)(?: \d+)?:|Action: reset\s*\Z")
_ACTION = re.compile(r"\s*(\w[\w ]*?)\s*\[(.*)\]\s*\Z", re.DOTALL)
_INSTRUCTION = re.compile(r"Instruction:\s*(.*?)\s*(?:\n\[|\Z)", re.DOTALL)
_JUDGED = re.compile(
    r"\s*(?:Answer is (?P<verdict>CORRECT|INCORRECT)\b(?P<reference>.*)"
    r"|Episode finished, reward = (?P<reward>True|False)"
    r"|Your score \(min 0\.0, max 1\.0\): (?P<score>[01](?:\.\d+)?))",
    re.DOTALL,
)
_CORRECT = {"CORRECT": True, "INCORRECT": False, "True": True, "False": False}
_QUESTION = ("Question", "Claim")
_DECISION = ("Thought", "Action", "Action Input", "Final Answer")


@dataclass(slots=True)
class Block:
    """The labelled paragraphs of one episode, as they stand in the file."""

    line: int
    group: str = ""
    trial: str = ""
    paragraphs: list[tuple[str, list[str]]] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        self.size += len(text)
        if self.size > MAX_ROW:
            raise UnreadableFile("one episode of more than 64 MB", line=self.line)
        label = LABEL.match(text)
        if label is not None:
            self.paragraphs.append((label.group(1), [label.group(2)]))
        elif self.paragraphs:
            self.paragraphs[-1][1].append(text)

    def parts(self) -> list[tuple[str, str]]:
        """(label, body) in order, without the rule that ends the episode."""
        bodies = [(name, list(lines)) for name, lines in self.paragraphs]
        for lines in (lines for _, lines in bodies[-1:]):
            tail = len(lines) - TAIL
            rule = next(
                (i for i, x in enumerate(lines) if i > tail and _RULE.match(x)), None
            )
            del lines[len(lines) if rule is None else rule :]
        return [(name, "\n".join(lines).strip()) for name, lines in bodies]

    def holds(self, *labels: str) -> bool:
        return any(name in labels for name, _ in self.paragraphs)

    def is_run(self) -> bool:
        return self.holds("Thought", "Action")


@dataclass(slots=True)
class Verdict:
    """What the environment said of the whole episode."""

    known: bool = False
    success: bool | None = None
    score: float | None = None
    reference: str | None = None

    def hears(self, observation: str) -> bool:
        """Take an observation for a verdict, if it is one."""
        match = _JUDGED.match(observation)
        if match is None:
            return False
        self.known = True
        self.success = _CORRECT.get(match["verdict"] or match["reward"] or "")
        self.score = float(match["score"]) if match["score"] else None
        self.reference = (match["reference"] or "").strip() or None
        return True


def read(lines: Iterator[tuple[int, str]]) -> Iterator[Episode | RowError]:
    blocks = _blocks(lines)
    block = next(blocks, None)
    while block is not None:
        after = next(blocks, None)
        try:
            yield _episode(block, is_last=after is None)
        except InvalidInput as error:
            yield RowError(block.line, error.detail)
        block = after


def _blocks(lines: Iterator[tuple[int, str]]) -> Iterator[Block]:
    block, group, trial = Block(1), "", ""
    for number, line in lines:
        heading = _GROUP.search(line)
        if heading is not None:
            group, trial = heading.group(1) or "", heading.group(2) or trial
        template_ends = line.strip() == "Begin!"
        if template_ends or heading is not None or _begins(block, line):
            # LangChain's prompt explains the labels by an example, which is no episode
            if block.is_run() and not template_ends:
                yield block
            block = Block(number, group, trial)
        block.add(line)
    if block.is_run():
        yield block


def _begins(block: Block, line: str) -> bool:
    """Whether a new episode begins here; a context may stand before its question."""
    return bool(_BEGINS.match(line)) and (block.is_run() or block.holds(*_QUESTION))


def _episode(block: Block, *, is_last: bool) -> Episode:
    talk, verdict = converse(block)
    answered = verdict.known or answer_of(block) is not None
    cut = is_last and not block.holds("Correct answer")
    if not answered and (cut or block.group == "HALTED"):
        talk.ended = "truncated"
    if not verdict.known:
        verdict.success = _CORRECT.get(block.group)
    return talk.episode(
        columns=_columns(block),
        outcome=Outcome(
            verdict.success,
            verdict.score,
            answer_of(block),
            _last(block, "Correct answer") or verdict.reference,
        ),
    )


def converse(block: Block) -> tuple[Conversation, Verdict]:
    """The turns of one episode, and what the environment thought of it."""
    talk, verdict = Conversation(task=_task(block)), Verdict()
    decision: dict[str, str] = {}
    for name, body in block.parts():
        if name in _DECISION:
            if name in decision or (name == "Thought" and decision):
                _decide(talk, decision)
            decision[name] = body
        elif name == "Observation" and decision.get("Action") == "reset":
            decision.clear()
        elif name == "Observation":
            called = _decide(talk, decision)
            if not verdict.hears(body):
                (talk.result if called else talk.user)(body)
    _decide(talk, decision)
    return talk, verdict


def _decide(talk: Conversation, decision: dict[str, str]) -> bool:
    """Turn what was thought and done since the last observation into a step; says if a
    tool was called, whose result the next observation is."""
    if not decision:
        return False
    action, argument = decision.get("Action"), decision.get("Action Input")
    written = _ACTION.fullmatch(action or "")
    calls, text = [], decision.get("Final Answer", "")
    thought = decision.get("Thought", "")
    if written and written.group(1).lower() == "think":
        thought = written.group(2)
    elif action and argument is not None:
        calls = [Call(name=action, arguments=fields.parsed(argument))]
    elif written:
        calls = [Call(name=written.group(1), arguments=written.group(2))]
    else:
        text = text or action or ""
    talk.step(text, thought, calls)
    decision.clear()
    return bool(calls)


def _task(block: Block) -> str:
    """The question with its context; WebShop shows it on the page it begins with."""
    asked = [body for n, body in block.parts() if n in ("Context", *_QUESTION)]
    if not asked and (page := _INSTRUCTION.search(_first(block, "Observation"))):
        return page.group(1).strip()
    return "\n\n".join(asked)


def _first(block: Block, name: str) -> str:
    return next((body for n, body in block.parts() if n == name), "")


def _last(block: Block, name: str) -> str | None:
    return next((b for n, b in reversed(block.parts()) if n == name), None)


def answer_of(block: Block) -> str | None:
    finish = _ACTION.fullmatch(_last(block, "Action") or "")
    if finish is not None and finish.group(1).lower() == "finish":
        return finish.group(2)
    return _last(block, "Final Answer")


def _columns(block: Block) -> dict[str, str]:
    columns = {
        "group": block.group.lower(),
        "trial": block.trial,
        "reflection": _last(block, "Reflection") or "",
    }
    return {name: value for name, value in columns.items() if value}


def _is_log(labels: Record) -> bool:
    return not labels.keys().isdisjoint(("Question", "Claim", "Instruction"))


REACT = Format(
    name="react",
    title="ReAct text logs",
    needs=(
        keys("Thought", "Action"),
        keys("Thought", "Final Answer"),
        keys("Action", "Observation", "Instruction"),
    ),
    accepts=_is_log,
    read=read,
    unit="text",
)
