"""OpenClaw's telemetry: what its agents were asked and which tools they ran.

Each `sessionKey` is an episode, a sub-agent's names its parent's. Where a line holds
the conversation so far, the longest one is read; else the tools alone are, whose
results the log doesn't hold.
"""

from collections.abc import Iterator, Sequence

from scoring.errors import InvalidEpisode
from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.openai_chat import hear_message
from scoring.formats.spoken import spoken
from scoring.schema import Call, Episode

_SUB = ":subagent:"


def read(rows: Sequence[Record]) -> Iterator[Episode | RowError]:
    sessions: dict[str, list[Record]] = {}
    for row in rows:
        if "sessionKey" in row:
            sessions.setdefault(fields.string(row, "sessionKey"), []).append(row)
    for name, own in sessions.items():
        try:
            yield _episode(name, own)
        except InvalidEpisode as error:
            yield RowError(None, f"session {name[:80]!r}: {error.detail}")


def _episode(name: str, rows: Sequence[Record]) -> Episode:
    talk = Conversation()
    said = max((fields.records(row.get("messages")) for row in rows), key=len)
    for message in said:
        for one in spoken(message):
            _hear(talk, one)
    if not said:
        for row in rows:
            _run(talk, row)
    talk.task = talk.task or NO_TASK
    parent = name.partition(_SUB)[0] if _SUB in name else ""
    return talk.episode(
        id=name,
        agent=fields.string(rows[0], "agentId"),
        columns={"parent": parent} if parent else None,
    )


def _hear(talk: Conversation, said: Record) -> None:
    if said["role"] == "tool":
        words = fields.text(said.get("content"))
        failed = said.get("is_error") is True
        talk.result(words, fields.string(said, "tool_call_id"), is_error=failed)
    else:
        hear_message(talk, said, at="")


def _run(talk: Conversation, row: Record) -> None:
    kind, prompt = fields.string(row, "type"), fields.string(row, "prompt")
    if kind == "agent.start" and prompt != talk.task:
        talk.user(prompt)
    elif kind == "tool.start":
        name = fields.string(row, "toolName") or "unnamed"
        talk.step(calls=[Call(name, row.get("params"))])


OPENCLAW_TELEMETRY = Format(
    name="openclaw_telemetry",
    title="OpenClaw's telemetry",
    needs=(keys("type", "sessionKey", "agentId"),),
    read=read,
    unit="file",
)
