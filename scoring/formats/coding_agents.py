"""Sessions of coding agents that log a message a line: Cursor, Droid, Grok, OMP,
OpenClaw, Pi, Qwen Code; and OpenCode's exports, which hold all of them in one object.
"""

from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear_message
from scoring.formats.spoken import one_answer, spoken
from scoring.schema import Call, Episode, Tokens

_IDS = ("sessionId", "session_id", "id")
_READ = ("input", "input_tokens", "promptTokenCount")
_WRITTEN = ("output", "output_tokens", "candidatesTokenCount")


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    """Lines of which some hold a message; the rest are settings and telemetry."""
    talk = Conversation()
    answers: list[Record] = []
    last: Record = {}
    for row in rows:
        message = row if "content" in row else _message(row)
        for said in spoken(message) if message else []:
            if said["role"] == "assistant":
                answers.append(said)
                last = row
                continue
            _decide(talk, answers, last)
            answers = []
            _hear(talk, said)
    _decide(talk, answers, last)
    models = (_model(row) for row in rows)
    yield talk.episode(
        id=fields.string(rows[0], *_IDS),
        model=next(filter(None, models), ""),
        columns=fields.without(rows[0], "message", "content"),
    )


def _message(row: Record) -> Record:
    """The message of a line; Cursor writes its role beside it."""
    message = fields.record(row.get("message"))
    return {"role": row.get("role"), **message} if message else {}


def _model(row: Record) -> str:
    about = {**row, **fields.record(row.get("message"))}
    return fields.string(about, "model", "model_id", "modelId")


def _hear(talk: Conversation, said: Record) -> None:
    if said["role"] == "tool":
        call_id, words = fields.string(said, "tool_call_id"), said.get("content")
        failed = said.get("is_error") is True
        talk.result(fields.text(words), call_id, is_error=failed)
    else:
        hear_message(talk, said, at="")


def _decide(talk: Conversation, answers: Sequence[Record], row: Record) -> None:
    """What was said between two results, on however many lines, is one step."""
    answer = one_answer(answers)
    if answer:
        message = fields.record(row.get("message"))
        usage = message.get("usage", row.get("usageMetadata"))
        hear_message(
            talk,
            answer,
            at=fields.string(row, "uuid", "id"),
            usage=_tokens(fields.record(usage)),
            started_at=fields.string(row, "timestamp") or None,
        )


def _tokens(usage: Record) -> Tokens | None:
    read, written = (
        next((n for name in names if (n := fields.count(usage.get(name)))), None)
        for names in (_READ, _WRITTEN)
    )
    return None if read is written is None else Tokens(read, written)


def read_opencode(row: Record) -> Iterator[Episode]:
    talk = Conversation()
    messages = fields.records(row.get("messages"))
    for i, message in enumerate(messages):
        about = fields.record(message.get("info"))
        turn = Turn(talk)
        for part in fields.records(message.get("parts")):
            _take(turn, part, about.get("role") == "user")
        if about.get("role") == "user" and not message.get("parts"):
            # old versions keep what the user said in the message's summary alone
            talk.user(fields.string(fields.record(about.get("summary")), "body"))
        turn.end(
            tokens=_tokens(fields.record(about.get("tokens"))),
            cost=fields.number(about.get("cost")),
            raw_ref=f"/messages/{i}",
        )
    session = fields.record(row.get("info"))
    parent = fields.string(session, "parentID")
    yield talk.episode(
        id=fields.string(session, "id"),
        model=next(filter(None, map(_opencode_model, messages)), ""),
        columns={**session, **({"parent": parent} if parent else {})},
    )


def _opencode_model(message: Record) -> str:
    about = fields.record(message.get("info"))
    return fields.string({**about, **fields.record(about.get("model"))}, "modelID")


def _take(turn: Turn, part: Record, by_user: bool) -> None:
    kind, words = fields.string(part, "type"), fields.string(part, "text")
    if kind == "text" and by_user:
        turn.talk.user(words)
    elif kind == "text":
        turn.words.append(words)
    elif kind == "reasoning":
        turn.thoughts.append(words)
    elif kind == "tool":
        state = fields.record(part.get("state"))
        gave = state.get("error", state.get("output"))
        turn.calls.append(
            Call(
                name=fields.string(part, "tool") or "unnamed",
                arguments=state.get("input"),
                id=fields.string(part, "callID", "id") or None,
                result=None if gave is None else fields.text(gave),
                is_error=state.get("status") == "error",
            )
        )


def _is_message(row: Record) -> bool:
    message = _message(row)
    spoken_by = fields.string(message, "role")
    return spoken_by != "" and bool({"content", "parts"} & message.keys())


def _has_parts(row: Record) -> bool:
    return any("parts" in message for message in fields.records(row["messages"])[:3])


CODING_AGENTS = Format(
    name="coding_agents",
    title="sessions of coding agents, a message a line",
    needs=(keys("type", "message"), keys("role", "message")),
    accepts=_is_message,
    read=read,
    unit="file",
    asks="each message needs a role and a content or parts",
)
GROK = Format(
    name="grok",
    title="Grok's chat histories",
    needs=(
        keys("type", "content", "prompt_index"),
        keys("type", "content", "model_id"),
    ),
    read=read,
    unit="file",
)
OPENCODE = Format(
    name="opencode",
    title="OpenCode exports",
    needs=(keys("info", "messages"),),
    accepts=_has_parts,
    read=read_opencode,
)
