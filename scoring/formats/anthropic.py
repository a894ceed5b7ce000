"""Anthropic messages: content blocks, tool results inside user messages.

A user message made only of tool results is no user's turn.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by, outcome_of
from scoring.schema import Call, Episode, Tokens

_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")
_THOUGHTS = ("thinking", "redacted_thinking")
_INPUTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def read(row: Record) -> Iterator[Episode]:
    talk = Conversation()
    talk.system(fields.text(row.get("system")))
    hear(talk, fields.items(row.get("messages")))
    talk.ended = ended_by(row.get("stop_reason"))
    yield talk.episode(
        id=fields.string(row, "id"),
        model=fields.string(row, "model"),
        columns=fields.without(row, "id", "model", "messages", "system"),
        outcome=outcome_of(row, talk),
    )


def read_bare(messages: Sequence[Any]) -> Iterator[Episode]:
    talk = Conversation()
    hear(talk, messages)
    yield talk.episode()


def hear(talk: Conversation, messages: Sequence[Any]) -> None:
    for i, message in enumerate(fields.records(messages)):
        content = blocks(message.get("content"))
        if message.get("role") == "assistant":
            answer(talk, content, raw_ref=f"/{i}")
        elif message.get("role") == "system":
            talk.system(fields.text(message.get("content")))
        else:
            question(talk, content)


def is_result(block: Record) -> bool:
    return "tool_use_id" in block or block.get("type") == "tool_result"


def blocks(content: Any) -> list[Record]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return fields.records(content)


def answer(talk: Conversation, content: Sequence[Record], **more: Any) -> None:
    """A step made of an assistant's blocks; `more` are further fields of Step."""
    thoughts, words, calls, results = [], [], [], []
    for block in content:
        kind = block.get("type")
        if kind in _THOUGHTS:
            thoughts.append(fields.string(block, "thinking") or "[hidden reasoning]")
        elif kind in _CALLS:
            name = fields.string(block, "name") or "unnamed"
            calls.append(
                Call(name, block.get("input"), fields.string(block, "id") or None)
            )
        elif is_result(block):
            results.append(block)
        else:
            words.append(fields.part_text(block))
    talk.step("\n\n".join(filter(None, words)), "\n\n".join(thoughts), calls, **more)
    for block in results:
        _result(talk, block)


def question(talk: Conversation, content: Sequence[Record]) -> None:
    for block in content:
        if is_result(block):
            _result(talk, block)
        else:
            talk.user(fields.part_text(block))


def _result(talk: Conversation, block: Record) -> None:
    talk.result(
        fields.text(block.get("content")),
        fields.string(block, "tool_use_id"),
        is_error=block.get("is_error") is True,
    )


def tokens(usage: Any) -> Tokens | None:
    """All tokens a model read, cached ones included."""
    row = fields.record(usage)
    counts = [n for name in _INPUTS if (n := fields.count(row.get(name))) is not None]
    written = fields.count(row.get("output_tokens"))
    if not counts and written is None:
        return None
    return Tokens(sum(counts) if counts else None, written)


def _has_blocks(row: Record) -> bool:
    """Tool and thinking blocks tell these messages from OpenAI's."""
    return any(
        block.get("type") in (*_CALLS, *_THOUGHTS, "tool_result")
        for message in fields.records(row.get("messages", [row]))
        for block in fields.records(message.get("content"))
    )


ANTHROPIC = Format(
    name="anthropic",
    title="Anthropic messages",
    needs=(keys("messages"),),
    accepts=_has_blocks,
    read=read,
    asks="some block must be a tool_use, tool_result or thinking",
)
ANTHROPIC_MESSAGES = Format(
    name="anthropic_messages",
    title="a bare list of Anthropic messages",
    needs=(keys("role", "content"),),
    accepts=_has_blocks,
    read=read_bare,
    unit="file",
)
