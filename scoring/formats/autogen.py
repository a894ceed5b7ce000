"""AutoGen's AgentChat: results of a task, saved states of a team, and the recordings
of a model client. Each message is a step; a thought belongs to what follows it.
"""

from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import Conversation, Turn
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.outcomes import ended_by
from scoring.formats.spans import Span
from scoring.formats.spoken import one_answer, spoken
from scoring.formats.traces import episodes
from scoring.schema import Episode

_USERS = ("user", "human", "user_proxy")


def read(row: Record) -> Iterator[Episode]:
    """`{messages, stop_reason}`, or a bare `{messages}` of a model's context."""
    talk = Conversation(ended=ended_by(row.get("stop_reason")))
    _hear(talk, fields.records(row.get("messages")))
    yield talk.episode(columns=fields.without(row, "messages"))


def read_state(row: Record) -> Iterator[Episode]:
    """The manager's thread; without one, the longest context of an agent."""
    states = fields.record(row.get("agent_states")).values()
    inner = [fields.record(fields.record(s).get("agent_state", s)) for s in states]
    threads = [fields.records(state.get("message_thread")) for state in inner]
    contexts = [fields.record(state.get("llm_context")) for state in inner]
    spoken_to = [fields.records(context.get("messages")) for context in contexts]
    thread = max(threads, key=len, default=[]) or max(spoken_to, key=len, default=[])
    talk = Conversation()
    _hear(talk, thread)
    yield talk.episode(columns=fields.without(row, "agent_states"))


def read_recording(rows: Sequence[Record]) -> Iterator[Episode | RowError]:
    """All calls of a model client, in order."""
    answers = [fields.record(row.get("response")) for row in rows]
    yield from episodes(
        Span(
            trace="",
            id=str(i),
            parent="",
            name="",
            kind="model",
            at=i,
            heard=spoken(row.get("messages")),
            answer=one_answer(spoken(answer, "assistant")),
            tokens=fields.tokens(answer.get("usage")),
        )
        for i, (row, answer) in enumerate(zip(rows, answers, strict=True))
    )


def _hear(talk: Conversation, messages: Sequence[Record]) -> None:
    turn = Turn(talk)
    for i, message in enumerate(messages):
        _take(turn, message, f"/messages/{i}")
    turn.end()


def _take(turn: Turn, message: Record, at: str) -> None:
    source, kind = fields.string(message, "source"), fields.string(message, "type")
    results = [r for r in fields.records(message.get("content")) if "call_id" in r]
    words = fields.text(message.get("content"))
    if source != turn.agent or results:
        turn.end()
    for result in results:
        call_id, failed = fields.string(result, "call_id"), result.get("is_error")
        turn.talk.result(fields.text(result.get("content")), call_id, "", bool(failed))
    if kind == "SystemMessage":
        turn.talk.system(words)
    elif kind == "UserMessage" or source.lower() in _USERS:
        turn.talk.user(words)
    # a summary of tool calls only repeats their results
    elif not (results or kind == "ToolCallSummaryMessage"):
        turn.agent = source
        _decide(turn, message, at)


def _decide(turn: Turn, message: Record, at: str) -> None:
    kind, words = fields.string(message, "type"), fields.text(message.get("content"))
    calls = [r for r in fields.records(message.get("content")) if "arguments" in r]
    turn.thoughts.append(fields.string(message, "thought"))
    if kind == "ThoughtEvent":
        turn.thoughts.append(words)
        return
    if kind.endswith("Event") and not calls:
        turn.talk.event(f"[{kind}] {words}")
        return
    turn.calls += [fields.call(call) for call in calls]
    turn.words.append("" if calls else words)
    turn.end(
        tokens=fields.tokens(message.get("models_usage")),
        started_at=fields.string(message, "created_at") or None,
        raw_ref=at,
    )


def _has_sources(row: Record) -> bool:
    messages = fields.records(row["messages"])[:3]
    return any("source" in message and "type" in message for message in messages)


AUTOGEN = Format(
    name="autogen",
    title="AutoGen task results",
    needs=(keys("messages"),),
    accepts=_has_sources,
    read=read,
)
AUTOGEN_STATE = Format(
    name="autogen_state",
    title="AutoGen team states",
    needs=(keys("agent_states", "type"),),
    read=read_state,
)
AUTOGEN_RECORDING = Format(
    name="autogen_recording",
    title="recordings of an AutoGen model client",
    needs=(keys("mode", "messages", "response"),),
    read=read_recording,
    unit="file",
)
