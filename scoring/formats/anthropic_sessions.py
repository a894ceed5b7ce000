"""Anthropic's managed agents: the events of a session, as its client records them.

The events between two requests to the model are one step, with the tokens of its end.
"""

from collections.abc import Iterator, Sequence

from scoring.formats import anthropic, fields
from scoring.formats.conversation import NO_TASK, Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode

_CALLS = ("agent.tool_use", "agent.mcp_tool_use", "agent.custom_tool_use")
_RESULTS = ("agent.tool_result", "agent.mcp_tool_result", "user.custom_tool_result")
_EVENTS = ("agent.", "user.", "session.", "span.")


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    """The session's agent, which has a row of its own, and the events in their order;
    what the client sent comes back as an event, and is read there."""
    turn = Turn(Conversation())
    session: Record = {}
    for row in rows:
        if isinstance(row.get("agent"), dict):
            session = row
            system = fields.string(fields.record(row["agent"]), "system")
            turn.talk.system(system)
        _take(turn, row, fields.string(row, "type"))
    turn.end()
    turn.talk.task = turn.talk.task or NO_TASK
    agent = fields.record(session.get("agent"))
    yield turn.talk.episode(
        id=fields.string(session, "id"),
        agent=fields.string(agent, "name"),
        model=fields.string(fields.record(agent.get("model")), "id"),
        columns={"session": dict(session)} if session else None,
    )


def _take(turn: Turn, row: Record, kind: str) -> None:
    words = fields.text(row.get("content"))
    if kind == "user.message":
        turn.end()
        turn.talk.user(words)
    elif kind == "agent.thinking":
        turn.thoughts.append(words or "[hidden reasoning]")
    elif kind == "agent.message":
        turn.words.append(words)
    elif kind in _CALLS:
        name = fields.string(row, "name") or "unnamed"
        turn.calls.append(
            Call(name, row.get("input"), fields.string(row, "id") or None)
        )
    elif kind in _RESULTS:
        turn.end()
        call_id = fields.string(row, "tool_use_id", "mcp_tool_use_id")
        failed = row.get("is_error") is True
        turn.talk.result(
            words, call_id or fields.string(row, "custom_tool_use_id"), is_error=failed
        )
    elif kind == "span.model_request_end":
        at = fields.string(row, "processed_at") or None
        turn.end(tokens=anthropic.tokens(row.get("model_usage")), ended_at=at)
    elif kind in ("session.error", "session.status_terminated"):
        turn.talk.ended = "truncated"


def _is_event(row: Record) -> bool:
    return str(row["type"]).startswith(_EVENTS)


ANTHROPIC_SESSIONS = Format(
    name="anthropic_sessions",
    title="sessions of Anthropic's managed agents",
    needs=(keys("type", "id", "processed_at"),),
    accepts=_is_event,
    read=read,
    unit="file",
)
