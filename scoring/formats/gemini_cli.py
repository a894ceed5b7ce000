"""Gemini CLI sessions, as one object or as lines."""

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import fields, parts
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode, Tokens


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    """A session with its messages, or its header and then a message a line; a message
    that was written again replaces the older one."""
    said = [m for row in rows for m in fields.records(row.get("messages", [row]))]
    latest: dict[Any, Record] = {}
    for i, message in enumerate(said):
        latest[fields.string(message, "id") or i] = message
    talk = Conversation()
    for message in latest.values():
        _hear(talk, message)
    header = rows[0]
    models = (fields.string(message, "model") for message in said)
    yield talk.episode(
        id=fields.string(header, "sessionId"),
        model=next(filter(None, models), ""),
        columns=fields.without(header, "messages"),
    )


def _hear(talk: Conversation, message: Record) -> None:
    kind, words = fields.string(message, "type"), fields.text(message.get("content"))
    if kind == "user":
        talk.user(words)
    elif kind == "gemini":
        usage = fields.record(message.get("tokens"))
        counts = [fields.count(usage.get(name)) for name in ("input", "output")]
        talk.step(
            words,
            "\n\n".join(map(_thought, fields.records(message.get("thoughts")))),
            [_call(call) for call in fields.records(message.get("toolCalls"))],
            tokens=Tokens(*counts) if counts != [None, None] else None,
            started_at=fields.string(message, "timestamp") or None,
            raw_ref=fields.string(message, "id") or None,
        )
    elif kind:
        talk.event(words)


def _thought(thought: Record) -> str:
    said = (fields.string(thought, name) for name in ("subject", "description"))
    return ": ".join(filter(None, said))


def _call(row: Record) -> Call:
    returned = [parts.result(part) for part in fields.records(row.get("result"))]
    answers = [answer["content"] for answer in returned]
    result = row.get("resultDisplay") or (answers or None)
    return Call(
        name=fields.string(row, "name") or "unnamed",
        arguments=row.get("args"),
        id=fields.string(row, "id") or None,
        result=None if result is None else fields.text(result),
        is_error=row.get("status") == "error",
    )


GEMINI_CLI = Format(
    name="gemini_cli",
    title="Gemini CLI sessions",
    needs=(keys("sessionId", "projectHash"),),
    read=read,
    unit="file",
)
