"""Rollouts of verifiers and prime-rl: `{prompt, completion, reward, …}` a line.

Each reward function adds a number of its own to the line: they stay in `meta`, as does
`example_id`, which names a task and not its rollouts.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear
from scoring.formats.outcomes import ended_by, outcome_of
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode]:
    talk = Conversation(ended=_ended(row))
    hear(talk, _messages(row.get("prompt"), "user"))
    hear(talk, _messages(row.get("completion"), "assistant"))
    turns = fields.records(row.get("trajectory"))
    talk.reward([turn.get("reward") for turn in turns])
    outcome = outcome_of(row, talk)
    yield talk.episode(
        columns=fields.without(row, "prompt", "completion"),
        outcome=replace(outcome, reference=fields.string(row, "answer") or None),
    )


def _messages(value: Any, role: str) -> list[Any]:
    """Chat messages; a base model's prompt and completion are bare text."""
    value = fields.parsed(value)
    return value if isinstance(value, list) else [{"role": role, "content": value}]


def _ended(row: Record) -> Any:
    return (
        "truncated"
        if row.get("is_truncated") is True
        else ended_by(row.get("stop_condition"))
    )


def _is_chat(row: Record) -> bool:
    return isinstance(fields.parsed(row["prompt"]), list) or "reward" in row


VERIFIERS = Format(
    name="verifiers",
    title="verifiers rollouts",
    needs=(keys("prompt", "completion"),),
    accepts=_is_chat,
    read=read,
    asks="prompt and completion must be lists of messages",
)
