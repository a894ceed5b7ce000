"""OpenAI chat messages with tool calls, bare or in one of their carriers.

Carriers: `{messages, …}` (fine-tuning files, data sets), `{task_id, turns, …}`, a
logged pair `{request: {messages}, response: {choices, usage}}`, and a bare list of
messages.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from scoring.formats import fields, markup
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.kinds import own_kind
from scoring.formats.outcomes import JUDGED, ended_by, outcome_of
from scoring.schema import Episode, Tokens

_IDS = ("id", "trace_id", "task_id", "episode_id", "instance_id", "uuid", "example_id")
_MODELS = ("model", "model_id", "model_name")
_TASKS = ("task", "question", "instruction", "problem", "goal")
_BLOCK = re.compile(
    r"(?P<before>(?:[^`]|`(?!``))*+)```(?:bash|sh)\s*\n(?P<code>(?:[^`]|`(?!``))*+)```\s*"
)
_REASONING = ("reasoning", "thinking")
_CALLS = ("tool_call", "function_call", "tool_use")


def read(row: Record) -> Iterator[Episode]:
    """One carrier record."""
    messages, usage, carrier = _unpacked(row)
    talk = Conversation()
    hear(talk, messages, usage=usage)
    talk.task = talk.task or fields.string(row, *_TASKS)
    talk.reward(fields.items(row.get("step_rewards")))
    talk.ended = ended_by(row.get("status") or row.get("finish_reason"))
    yield talk.episode(
        columns=fields.without(row, *carrier, *_MODELS),
        id=fields.string(row, *_IDS),
        model=fields.string(row, *_MODELS),
        agent=fields.string(row, "agent", "agent_name"),
        outcome=outcome_of(row, talk),
    )


def read_bare(messages: Sequence[Any]) -> Iterator[Episode]:
    """A list of messages without a carrier."""
    talk = Conversation()
    hear(talk, messages)
    yield talk.episode()


def hear(
    talk: Conversation, messages: Sequence[Any], *, usage: Tokens | None = None
) -> None:
    """Add messages to a conversation; `usage` is what the last one cost."""
    last = len(messages) - 1
    rows = [fields.record(fields.parsed(message)) for message in messages]
    for i, row in enumerate(_shell(rows)):
        hear_message(talk, row, at=f"/{i}", usage=usage if i == last else None)


def _shell(rows: Sequence[Record]) -> Iterator[Record]:
    """Commands in a text's only block of code, known by what a shell said after it: the
    first version of mini-swe-agent, and data sets made with it, log nothing else."""
    ran = False
    nothing: Record = {}
    for row, answer in zip_longest(rows, rows[1:], fillvalue=nothing):
        if ran:
            yield {"role": "tool", "content": row.get("content")}
            ran = False
            continue
        said = row.get("content") if row.get("role") == "assistant" else None
        block = _BLOCK.fullmatch(said) if isinstance(said, str) else None
        ran = block is not None and _is_shell(answer) and not row.get("tool_calls")
        if ran and block is not None:
            called = {"name": "bash", "arguments": {"command": block["code"].strip()}}
            yield {**row, "content": block["before"].strip(), "tool_calls": [called]}
        else:
            yield row


def _is_shell(row: Record) -> bool:
    said = row.get("content")
    answered = row.get("role") == "user" and isinstance(said, str)
    return answered and str(said).lstrip().startswith(("<returncode>", "<args>"))


def hear_message(
    talk: Conversation,
    row: Record,
    *,
    at: str,
    usage: Tokens | None = None,
    **more: Any,
) -> None:
    """Add one message; `more` are further fields of Step, should it be one."""
    role = fields.string(row, "role")
    if role in ("assistant", "ai", "agent", "model"):
        _answer(talk, row, at, usage, more)
    elif role in ("tool", "function"):
        talk.result(
            fields.text(row.get("content")),
            fields.string(row, "tool_call_id", "call_id"),
            fields.string(row, "name"),
        )
    elif role in ("system", "developer"):
        talk.system(fields.text(row.get("content")))
    else:
        _question(talk, fields.text(row.get("content")))


def _question(talk: Conversation, text: str) -> None:
    responses = markup.tool_responses(text)
    for response in responses:
        talk.result(response)
    if not responses:
        talk.user(text)


def _answer(
    talk: Conversation, row: Record, at: str, usage: Tokens | None, more: dict[str, Any]
) -> None:
    parts = fields.records(row.get("content"))
    kinds = [part.get("type") for part in parts]
    content = row.get("content")
    if any(kind in _REASONING + _CALLS for kind in kinds):
        content = [p for p in parts if p.get("type") not in _REASONING + _CALLS]
    in_text, text = markup.split_calls(fields.text(content))
    in_text_thought, text = markup.split_thought(text)
    thoughts = [
        fields.string(row, "reasoning_content", "reasoning"),
        *(fields.part_text(p) for p in parts if p.get("type") in _REASONING),
        in_text_thought,
    ]
    calls = [fields.call(c) for c in fields.items(row.get("tool_calls"))]
    calls += [fields.call(p.get("value", p)) for p in parts if p.get("type") in _CALLS]
    if row.get("function_call"):
        calls.append(fields.call(row["function_call"]))
    talk.step(
        text,
        "\n\n".join(filter(None, thoughts)),
        [*calls, *in_text],
        agent=fields.string(row, "name"),
        tokens=usage or fields.tokens(row.get("usage")),
        raw_ref=at or None,
        **own_kind(row.get("kind")),
        **more,
    )


def _unpacked(row: Record) -> tuple[list[Any], Tokens | None, tuple[str, ...]]:
    """The messages of a carrier, the tokens of its last one, and its own keys."""
    if not {"request", "response"} <= row.keys():
        name = "messages" if "messages" in row else "turns"
        messages = [*fields.items(row.get(name))]
        return messages, fields.tokens(row.get("usage")), (name,)
    request = fields.record(fields.parsed(row["request"]))
    response = fields.record(fields.parsed(row["response"]))
    answers = [
        fields.record(c.get("message")) for c in fields.records(response.get("choices"))
    ]
    messages = [*fields.items(request.get("messages")), *answers[:1]]
    return messages, fields.tokens(response.get("usage")), ("request", "response")


def history(row: Record) -> Sequence[Any]:
    """The messages of a record, unless it has an outcome of its own."""
    return () if JUDGED & row.keys() else _unpacked(row)[0]


def _accepts(row: Record) -> bool:
    messages = _unpacked(row)[0][:3]
    return all("role" in fields.record(fields.parsed(m)) for m in messages)


def _is_message(row: Record) -> bool:
    return isinstance(row["role"], str)


CHAT = Format(
    name="openai_chat",
    title="OpenAI chat messages",
    needs=(keys("messages"), keys("turns"), keys("request", "response")),
    accepts=_accepts,
    read=read,
    asks="each message needs a role",
    history=history,
)
MESSAGES = Format(
    name="openai_messages",
    title="a bare list of OpenAI chat messages",
    needs=(keys("role", "content"), keys("role", "tool_calls")),
    accepts=_is_message,
    read=read_bare,
    unit="file",
)
