"""Messages in the conventions of many frameworks, as OpenAI chat messages.

Tracers log what a model read and wrote in the words of whatever library called it:
OpenAI chat and Responses, Anthropic blocks, Gemini and OpenTelemetry parts, LangChain
constructors, Vercel parts, or text that begins with "user:". All of them come out as
`{role, content, tool_calls?, tool_call_id?}`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from scoring.formats import fields, parts
from scoring.formats.format import Record

_MAX_DEPTH = 8
_ROLES = {
    "human": "user",
    "HumanMessage": "user",
    "ai": "assistant",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "model": "assistant",
    "agent": "assistant",
    "UserMessage": "user",
    "AssistantMessage": "assistant",
    "SystemMessage": "system",
    "developer": "system",
    "ToolMessage": "tool",
    "function": "tool",
    "toolResult": "tool",
    **{role: role for role in ("system", "user", "assistant", "tool")},
}
# what holds messages, the outermost first
_CARRIERS = (
    *("messages", "contents", "choices", "candidates", "generations", "message"),
    *("prompt", "prompts", "args", "task", "input", "output"),
)
_BARE = (*parts.CALLS, *parts.RESULTS, *parts.THOUGHTS)
_REASONED = ("reasoning_content", "reasoning")
_LABEL = re.compile(r"^(system|developer|user|assistant|tool): ", re.MULTILINE)


def spoken(value: Any, role: str = "user", depth: int = _MAX_DEPTH) -> list[Record]:
    """The messages inside a value; what has no role of its own gets `role`."""
    inside = fields.parsed(value)
    if isinstance(inside, list) and depth:
        found = _of_list(inside, role, depth)
    elif isinstance(inside, dict) and depth:
        found = _of_record(_plain(inside), role, depth)
    else:
        found = []
    silent = found or value in ("", "None") or not (isinstance(value, str) and inside)
    return found if silent else _of_text(value, role)


def one_answer(messages: Iterable[Record]) -> Record | None:
    """All that a model wrote in one call as one message: reasoning, words and calls."""
    written = [m for m in messages if m["role"] == "assistant"]
    if not written:
        return None
    reasoned = [fields.string(m, "reasoning_content") for m in written]
    return {
        "role": "assistant",
        "content": [part for m in written for part in m["content"]],
        "reasoning_content": "\n\n".join(filter(None, reasoned)),
        "tool_calls": [call for m in written for call in m["tool_calls"]],
        "usage": next((m["usage"] for m in written if m.get("usage")), None),
    }


def tool_answer(value: Any) -> tuple[Any, str]:
    """(what a tool gave, the id of its call), even out of a LangChain tool message."""
    row = fields.record(fields.parsed(value))
    message = _plain(fields.record(row.get("output")) or row)
    if "tool_call_id" not in message:
        return fields.parsed(value), ""
    return message.get("content"), fields.string(message, "tool_call_id")


def _of_text(text: str, role: str) -> list[Record]:
    labels = list(_LABEL.finditer(text)) if _LABEL.match(text) else []
    if labels:
        ends = [*(label.start() for label in labels[1:]), len(text)]
        return [
            _words(_ROLES[label[1]], text[label.end() : end].strip())
            for label, end in zip(labels, ends, strict=True)
        ]
    return [_words(role, text)]


def _words(role: str, text: str) -> Record:
    if role == "tool":
        return {"role": role, "content": text}
    content = [{"type": "text", "text": text}]
    return {"role": role, "content": content, "tool_calls": []}


def _of_list(values: Sequence[Any], role: str, depth: int) -> list[Record]:
    pair = len(values) == 2 and all(isinstance(value, str) for value in values)
    if pair and values[0] in _ROLES:
        return [_words(_ROLES[values[0]], values[1])]
    return [m for value in values for m in spoken(value, role, depth - 1)]


def _plain(row: Record) -> dict[str, Any]:
    """A message out of LangChain's envelopes, with the role that its type says."""
    if row.get("type") == "message" and isinstance(row.get("message"), dict):
        row = row["message"]
    inner = fields.record(row.get("kwargs", row.get("data")))
    names = fields.items(row.get("id"))
    if inner:
        kind = names[-1] if names else row.get("type")
        row = {"type": kind, **inner}
    role = _ROLES.get(fields.string(row, "role", "type"))
    if role is None and (
        "tool_call_id" in row or {"role", "additional_kwargs"} <= row.keys()
    ):
        # Langfuse writes the name of a LangChain tool for its role
        role = "tool"
    return {**row, "role": role} if role else {**fields.without(row, "role")}


def _of_record(row: dict[str, Any], role: str, depth: int) -> list[Record]:
    if "role" not in row and parts.kind(row) not in _BARE:
        inner = next((row[k] for k in _CARRIERS if row.get(k)), None)
        if isinstance(row.get("content"), dict):
            inner = row["content"]
        if inner is not None:
            rules = spoken(row.get("system"), "system") if role == "user" else []
            return [*rules, *spoken(inner, role, depth - 1)]
    return _message(row, role)


def _message(row: dict[str, Any], role: str) -> list[Record]:
    about = fields.record(row.get("additional_kwargs"))
    named = fields.items(row.get("tool_calls")) or fields.items(about.get("tool_calls"))
    bare = "role" not in row and parts.kind(row) in _BARE
    inside = [parts.unwrapped(row)] if bare else parts.parts(row)
    if row.get("function_call") and "role" in row:
        inside.append({"function_call": row["function_call"]})
    results = [parts.result(p) for p in inside if parts.kind(p) in parts.RESULTS]
    calls = [parts.call(call) for call in named]
    calls += [parts.call(p) for p in inside if parts.kind(p) in parts.CALLS]
    kept = [p for p in inside if parts.kind(p) not in parts.CALLS + parts.RESULTS]
    if row.get("role") == "tool" and not results:
        call_id = fields.string(row, "tool_call_id", "toolCallId")
        failed = row.get("is_error", row.get("isError")) is True
        return [{**row, "content": kept, "tool_call_id": call_id, "is_error": failed}]
    if not (kept or calls):
        return results
    thought = bare and parts.kind(inside[0]) in parts.THOUGHTS
    speaker = row.get("role") or ("assistant" if calls or thought else role)
    message = {
        "role": speaker,
        "content": kept,
        "tool_calls": calls,
        "reasoning_content": fields.string({**about, **row}, *_REASONED),
        "name": fields.string(row, "name"),
        "usage": row.get("usage_metadata", row.get("usage")),
    }
    return [*results, message]
