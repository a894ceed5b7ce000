"""`droid exec --output-format stream-json`: messages and calls, a line each.

Droid's own session files are read by `coding_agents`.
"""

from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode

_KINDS = ("message", "tool_call", "tool_result", "completion")


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    turn = Turn(Conversation())
    for row in rows:
        _take(turn, row)
    turn.end()
    turn.talk.task = turn.talk.task or NO_TASK
    first = rows[0]
    yield turn.talk.episode(
        id=fields.string(first, "session_id"),
        model=fields.string(first, "model"),
        columns=fields.without(first, "session_id", "model"),
    )


def _take(turn: Turn, row: Record) -> None:
    kind = fields.string(row, "type")
    if kind == "message" and row.get("role") == "assistant":
        turn.words.append(fields.text(row.get("text")))
    elif kind == "message":
        turn.end()
        turn.talk.user(fields.text(row.get("text")))
    elif kind == "tool_call":
        name = fields.string(row, "toolName") or "unnamed"
        call_id = fields.string(row, "toolCallId") or None
        turn.calls.append(Call(name, row.get("parameters"), call_id))
    elif kind == "tool_result":
        turn.end()
        failed = row.get("isError") is True or "error" in row
        said = fields.text(row.get("value", row.get("error")))
        turn.talk.result(said, fields.string(row, "toolCallId"), is_error=failed)
    elif kind == "completion":
        _complete(turn, fields.string(row, "finalText"))


def _complete(turn: Turn, words: str) -> None:
    """The last words, which some versions have already sent as a message."""
    if words not in turn.words:
        turn.words.append(words)


def _is_line(row: Record) -> bool:
    return row["type"] in _KINDS


DROID = Format(
    name="droid",
    title="Droid's stream-json",
    needs=(keys("type", "session_id", "timestamp"),),
    accepts=_is_line,
    read=read,
    unit="file",
)
