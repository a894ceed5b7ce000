"""Wire logs of Kimi Code: a record a line, one step spread over several.

The records of a step share `stepUuid`; a log may hold several agents (`agentId`), of
which each is an episode.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by
from scoring.formats.times import iso
from scoring.schema import Call, Episode, Tokens

_READ = ("inputOther", "inputCacheRead", "inputCacheCreation")
_MAIN = "main"


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    agents: dict[str, list[Record]] = {}
    for row in rows:
        agents.setdefault(fields.string(row, "agentId") or _MAIN, []).append(row)
    for name, own in agents.items():
        # settings without an agent's name are the main one's
        if name == _MAIN or any(row.get("type") in _TALK for row in own):
            yield _episode(own, name)


def _episode(rows: Sequence[Record], name: str) -> Episode:
    turn = Turn(Conversation())
    about: dict[str, Any] = {}
    for row in rows:
        kind = fields.string(row, "type")
        if kind == "context.append_message":
            _message(turn, fields.record(row.get("message")))
        elif kind == "context.append_loop_event":
            _event(turn, fields.record(row.get("event")), row)
        elif kind in ("turn.cancel", "turn.ended"):
            stopped = kind == "turn.cancel"
            turn.talk.ended = "truncated" if stopped else ended_by(row.get("reason"))
        elif kind in ("config.update", "profile.bind", "metadata"):
            about |= fields.without(row, "type", "time", "systemPrompt")
            prompt = fields.string(row, "systemPrompt")
            turn.talk.system_prompt = turn.talk.system_prompt or prompt
    turn.end()
    columns = {"settings": about, **({"agent": name} if name != _MAIN else {})}
    return turn.talk.episode(
        id="" if name == _MAIN else name,
        model=fields.string(about, "modelAlias"),
        columns=columns,
    )


def _message(turn: Turn, message: Record) -> None:
    turn.end()
    if message.get("role") == "assistant":
        calls = [fields.call(c) for c in fields.records(message.get("toolCalls"))]
        turn.talk.step(fields.text(message.get("content")), calls=calls)
    elif message.get("role") == "tool":
        turn.talk.result(
            fields.text(message.get("content")), fields.string(message, "toolCallId")
        )
    else:
        turn.talk.user(fields.text(message.get("content")))


def _event(turn: Turn, event: Record, row: Record) -> None:
    kind, part = fields.string(event, "type"), fields.record(event.get("part"))
    if kind == "content.part":
        thought = part.get("type") == "think"
        words = fields.string(part, "think", "text")
        (turn.thoughts if thought else turn.words).append(words)
    elif kind == "tool.call":
        name = fields.string(event, "name") or "unnamed"
        call_id = fields.string(event, "toolCallId") or None
        turn.calls.append(Call(name, event.get("args"), call_id))
    elif kind == "tool.result":
        # results come before the end of their step
        turn.end(started_at=_time(row))
        _result(turn.talk, event)
    elif kind == "step.end":
        turn.end(started_at=_time(row))
        turn.talk.amend(tokens=_tokens(event.get("usage")))
    elif kind == "step.begin":
        turn.end()


def _result(talk: Conversation, event: Record) -> None:
    gave = event.get("result")
    inside = fields.record(gave)
    said = inside.get("output", inside.get("content", gave))
    failed = inside.get("isError") is True
    talk.result(fields.text(said), fields.string(event, "toolCallId"), is_error=failed)


def _tokens(usage: Any) -> Tokens | None:
    row = fields.record(usage)
    counts = [n for name in _READ if (n := fields.count(row.get(name))) is not None]
    written = fields.count(row.get("output"))
    return Tokens(sum(counts) if counts else None, written) if row else None


def _time(row: Record) -> str | None:
    """When it happened; the log has milliseconds since 1970."""
    at = fields.number(row.get("time"))
    return None if at is None else iso(at / 1000)


_TALK = ("context.append_message", "context.append_loop_event")
_KINDS = (*_TALK, "turn.prompt", "config.update", "llm.request")


def _is_wire(row: Record) -> bool:
    return row["type"] in _KINDS


KIMI = Format(
    name="kimi",
    title="wire logs of Kimi Code",
    needs=(keys("type", "time"),),
    accepts=_is_wire,
    read=read,
    unit="file",
    asks="its types are turn.prompt, context.append_message and the like",
)
