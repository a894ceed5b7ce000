"""ReAct logs: Thought / Action / Observation as text (arXiv:2210.03629).

One file holds many episodes; each begins at `Question:` or `Claim:`. Read are the logs
of ReAct and Reflexion (arXiv:2303.11366) with numbered or bare labels, and the text of
LangChain's ReAct agents (`Action` / `Action Input` / `Final Answer`).

The verdict of the environment ("Answer is CORRECT") becomes the outcome and leaves the
text: a reward model must not read it in the last step.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scoring.errors import InvalidInput
from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.react_log import QUESTION, Block, blocks
from scoring.schema import Call, Episode, Outcome

_INSTRUCTION = re.compile(r"Instruction:(.*?)(?:\n\[|\Z)", re.DOTALL)
_JUDGED = re.compile(
    r"\s*(?:Answer is (?P<verdict>CORRECT|INCORRECT)\b(?P<reference>.*)"
    r"|Episode finished, reward = (?P<reward>True|False)"
    r"|Your score \(min 0\.0, max 1\.0\): (?P<score>[01](?:\.\d+)?))",
    re.DOTALL,
)
_CORRECT = {"CORRECT": True, "INCORRECT": False, "True": True, "False": False}
_DECISION = ("Thought", "Action", "Action Input", "Final Answer")


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
        self.score = min(float(match["score"]), 1.0) if match["score"] else None
        self.reference = (match["reference"] or "").strip() or None
        return True


def read(lines: Iterator[tuple[int, str]]) -> Iterator[Episode | RowError]:
    found = blocks(lines)
    block = next(found, None)
    while block is not None:
        after = next(found, None)
        try:
            yield _episode(block, is_last=after is None)
        except InvalidInput as error:
            yield RowError(block.line, error.detail)
        block = after


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
    for name, body in block.parts:
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
    action, argument = decision.get("Action", ""), decision.get("Action Input")
    name, written = parts_of(action)
    calls, text = [], decision.get("Final Answer", "")
    thought = decision.get("Thought", "")
    if name.lower() == "think":
        thought = written
    elif action and argument is not None:
        calls = [Call(name=action, arguments=fields.parsed(argument))]
    elif name:
        calls = [Call(name=name, arguments=written)]
    else:
        text = text or action
    talk.step(text, thought, calls)
    decision.clear()
    return bool(calls)


def _task(block: Block) -> str:
    """The question with its context; WebShop shows it on the page it begins with."""
    asked = [body for n, body in block.parts if n in ("Context", *QUESTION)]
    if not asked and (page := _INSTRUCTION.search(_first(block, "Observation"))):
        return page.group(1).strip()
    return "\n\n".join(asked)


def _first(block: Block, name: str) -> str:
    return next((body for n, body in block.parts if n == name), "")


def _last(block: Block, name: str) -> str | None:
    return next((b for n, b in reversed(block.parts) if n == name), None)


def parts_of(action: str) -> tuple[str, str]:
    """("Search", "the [old] town") of `Search[the [old] town]`, else ("", "")."""
    name, _, rest = action.strip().partition("[")
    is_name = name.replace(" ", "").replace("_", "").isalnum()
    return (name.strip(), rest[:-1]) if is_name and rest.endswith("]") else ("", "")


def answer_of(block: Block) -> str | None:
    name, argument = parts_of(_last(block, "Action") or "")
    return argument if name.lower() == "finish" else _last(block, "Final Answer")


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
