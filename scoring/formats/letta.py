"""Letta and MemGPT agent files (`.af`), versions 1 and 2 (arXiv:2310.08560).

What the agent writes beside its calls is its inner monologue: a thought. It speaks to
the user through `send_message`. Users' texts and tools' answers are JSON inside text. A
file that holds an agent but no talk is refused: there is no episode inside.
"""

from collections.abc import Iterator
from typing import Any

from scoring.errors import InvalidInput
from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.schema import Episode

# every MemGPT agent is born with this scripted exchange
_BORN = "Bootup sequence complete"
_FINE = ("OK", "success", "")


def read(row: Record) -> Iterator[Episode]:
    yield _episode(row)


def read_agents(row: Record) -> Iterator[Episode | RowError]:
    for i, agent in enumerate(fields.records(row.get("agents"))):
        try:
            yield _episode(agent)
        except InvalidInput as error:
            yield RowError(None, error.detail, pointer=f"/agents/{i}")


def _episode(agent: Record) -> Episode:
    talk = Conversation()
    talk.system(fields.string(agent, "system"))
    scripted: set[str] = set()
    for i, message in enumerate(fields.records(agent.get("messages"))):
        if fields.text(message.get("content")).startswith(_BORN):
            calls = fields.records(message.get("tool_calls"))
            scripted |= {fields.string(call, "id") for call in calls}
        elif fields.string(message, "tool_call_id") not in scripted:
            _hear(talk, message, f"/messages/{i}")
    return talk.episode(
        id=fields.string(agent, "id", "name"),
        agent=fields.string(agent, "name"),
        model=fields.string(fields.record(agent.get("llm_config")), "model"),
        columns=fields.without(agent, "messages", "system", "tools"),
    )


def _hear(talk: Conversation, message: Record, at: str) -> None:
    role = fields.string(message, "role")
    if role == "assistant" or (role == "approval" and message.get("tool_calls")):
        _decide(talk, message, at)
    elif role == "tool":
        _results(talk, message)
    elif role == "user":
        _listen(talk, fields.text(message.get("content")))


def _decide(talk: Conversation, message: Record, at: str) -> None:
    parts = fields.records(message.get("content"))
    reasoning = [fields.string(part, "reasoning") for part in parts]
    words = [fields.string(part, "text") for part in parts]
    if not parts:
        words = [fields.text(message.get("content"))]
    calls = [fields.call(call) for call in fields.records(message.get("tool_calls"))]
    thoughts = [*reasoning, *(words if calls else [])]
    talk.step(
        "" if calls else "\n\n".join(filter(None, words)),
        "\n\n".join(filter(None, thoughts)),
        calls,
        started_at=fields.string(message, "created_at") or None,
        raw_ref=at,
    )


def _results(talk: Conversation, message: Record) -> None:
    returns = fields.records(message.get("tool_returns"))
    own = fields.string(message, "tool_call_id")
    content: Any = fields.text(message.get("content"))
    for given in returns or [message]:
        text = given.get("func_response") or content
        answer = fields.record(fields.parsed(text))
        status = fields.string(given, "status") or fields.string(answer, "status")
        talk.result(
            fields.text(answer.get("message", text)),
            fields.string(given, "tool_call_id") or own,
            is_error=status not in _FINE,
        )


def _listen(talk: Conversation, text: str) -> None:
    """A user's words, or an event (login, heartbeat, alert) in the same envelope."""
    envelope = fields.record(fields.parsed(text))
    words = fields.string(envelope, "message", "reason", "last_login")
    kind = fields.string(envelope, "type")
    if not kind or kind == "user_message":
        talk.user(words if kind else text)
    else:
        talk.event(f"[{kind}] {words}")


LETTA = Format(
    name="letta",
    title="Letta agent files",
    needs=(keys("agent_type", "core_memory", "messages"),),
    read=read,
)
LETTA_AGENTS = Format(
    name="letta_agents",
    title="Letta agent files, version 2",
    needs=(keys("agents", "blocks"),),
    read=read_agents,
)
