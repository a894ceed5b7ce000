"""Transcripts of Letta Code: what was said, thought and called, a line each.

A call's result stands on the line of the call. A thought begins a step.
"""

from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    turn, called = Turn(Conversation()), False
    for row in rows:
        kind = fields.string(row, "kind")
        if kind == "user" or (called and kind != "tool_call"):
            turn.end()
            called = False
        called = called or kind == "tool_call"
        _take(turn, row, kind)
    turn.end()
    turn.talk.task = turn.talk.task or NO_TASK
    yield turn.talk.episode()


def _take(turn: Turn, row: Record, kind: str) -> None:
    words = fields.string(row, "text")
    if kind == "user":
        turn.talk.user(words)
    elif kind == "reasoning":
        turn.thoughts.append(words)
    elif kind == "assistant":
        turn.words.append(words)
    elif kind == "tool_call":
        turn.calls.append(_call(row))
    else:
        turn.talk.event(words)


def _call(row: Record) -> Call:
    result = row.get("resultText")
    return Call(
        name=fields.string(row, "name") or "unnamed",
        arguments=fields.parsed(row.get("argsText")),
        id=fields.string(row, "toolCallId", "source_line_id") or None,
        result=None if result is None else fields.text(result),
        is_error=row.get("resultOk") is False,
    )


LETTA_CODE = Format(
    name="letta_code",
    title="transcripts of Letta Code",
    needs=(keys("kind", "captured_at"),),
    read=read,
    unit="file",
)
