"""ATOF, the event log of NeMo Relay: scopes of agents, models and tools as they begin
and end. A model's scope is a step, the tools that run after it are its calls.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear_message
from scoring.formats.spoken import spoken
from scoring.schema import Call, Episode


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    turn = Turn(Conversation())
    for row in rows:
        if row.get("kind") == "scope":
            what = (row.get("category"), row.get("scope_category"))
            _scope(turn, what, row)
    turn.end()
    turn.talk.task = turn.talk.task or NO_TASK
    about = fields.record(rows[0].get("metadata"))
    marks = [row for row in rows if row.get("kind") == "mark"]
    yield turn.talk.episode(
        id=fields.string(about, "session_id", "task_id"),
        agent=fields.string(rows[0], "name"),
        model=fields.string(about, "model"),
        columns={"marks": marks} if marks else None,
    )


def _scope(turn: Turn, what: tuple[Any, Any], row: Record) -> None:
    data, name = row.get("data"), fields.string(row, "uuid")
    if what == ("llm", "start"):
        turn.end()
        for message in [] if turn.talk.task else spoken(data):
            hear_message(turn.talk, message, at="")
    elif what == ("llm", "end"):
        _answer(turn, fields.record(data))
    elif what == ("tool", "start"):
        tool = fields.string(row, "name") or "unnamed"
        given = fields.record(data).get("arguments", data)
        turn.calls.append(Call(tool, given, name or None))
    elif what == ("tool", "end"):
        turn.end()
        failed = fields.record(row.get("metadata")).get("status") == "failed"
        turn.talk.result(_output(data), name, is_error=failed)


def _answer(turn: Turn, data: Record) -> None:
    if "error" in data:
        turn.talk.event(fields.text(data["error"]))
        return
    said = data.get("assistant_message", data.get("content"))
    turn.words.append(fields.text(fields.record(said).get("content", said)))


def _output(data: Any) -> str:
    row = fields.record(data)
    return fields.text(row.get("stdout", row.get("output", data)))


ATOF = Format(
    name="atof",
    title="ATOF event logs",
    needs=(keys("atof_version", "kind"),),
    read=read,
    unit="file",
)
