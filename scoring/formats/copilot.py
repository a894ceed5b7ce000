"""Sessions of the Copilot CLI: `events.jsonl`, an event a line.

An `assistant.message` is a step; what its tools gave back is in later events.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import Episode, Tokens

_EVENTS = ("session", "user", "assistant", "tool", "hook", "subagent", "abort")


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation()
    start: Record = {}
    model = ""
    for row in rows:
        kind, data = fields.string(row, "type"), fields.record(row.get("data"))
        start = data if kind == "session.start" else start
        model = model or fields.string(data, "model", "selectedModel", "newModel")
        _hear(talk, kind, data, row)
    talk.task = talk.task or NO_TASK
    yield talk.episode(
        id=fields.string(start, "sessionId"),
        model=model,
        columns={"session": dict(start), "rows": _counted(rows)},
    )


def _hear(talk: Conversation, kind: str, data: Record, row: Record) -> None:
    if kind == "user.message":
        talk.user(fields.text(data.get("content")))
    elif kind == "hook.start" and data.get("hookType") == "userPromptSubmitted":
        # old sessions hold the prompt in the hook alone
        prompt = fields.string(fields.record(data.get("input")), "prompt")
        if prompt != talk.task:
            talk.user(prompt)
    elif kind == "assistant.message":
        written = fields.count(data.get("outputTokens"))
        talk.step(
            fields.text(data.get("content")),
            fields.string(data, "reasoningText", "reasoning"),
            [fields.call(call) for call in fields.records(data.get("toolRequests"))],
            tokens=None if written is None else Tokens(None, written),
            started_at=fields.string(row, "timestamp") or None,
            raw_ref=fields.string(row, "id") or None,
        )
    elif kind == "tool.execution_complete":
        _result(talk, data)
    elif kind == "abort":
        talk.ended = "truncated"


def _result(talk: Conversation, data: Record) -> None:
    gave = data.get("result", data.get("error"))
    inside = fields.record(gave)
    said = inside.get("content", inside.get("message", gave))
    failed = data.get("success") is False
    talk.result(fields.text(said), fields.string(data, "toolCallId"), is_error=failed)


def _counted(rows: Sequence[Record]) -> dict[str, int]:
    return dict(Counter(fields.string(row, "type") for row in rows))


def _is_event(row: Record) -> bool:
    area, dot, _ = str(row["type"]).partition(".")
    return bool(dot) and area in _EVENTS and isinstance(row["data"], dict)


COPILOT = Format(
    name="copilot",
    title="Copilot CLI sessions",
    needs=(keys("type", "data", "timestamp"),),
    accepts=_is_event,
    read=read,
    unit="file",
)
