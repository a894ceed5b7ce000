"""Messages in the conventions of many frameworks, as OpenAI chat messages.

Tracers log what a model read and wrote in the words of whatever library called it:
OpenAI chat and Responses, Anthropic blocks, Gemini and OpenTelemetry parts, LangChain
constructors, Vercel parts, or text that begins with "user:". All of them come out as
`{role, content, tool_calls?, tool_call_id?}`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.format import Record

_ROLES = {
    "human": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "model": "assistant",
    "function": "tool",
    "developer": "system",
}
# what holds messages, the outermost first
_CARRIERS = (
    *("messages", "contents", "choices", "candidates", "generations", "message"),
    *("prompt", "prompts", "args", "input", "output"),
)
_CALLS = ("tool_call", "tool_use", "function_call")
_RESULTS = ("tool_call_response", "tool_result", "function_call_output", "tool_return")
_THOUGHTS = ("reasoning", "thinking")
_ANSWERS = ("result", "response", "output", "content", "text")
_LABEL = re.compile(r"^(system|developer|user|assistant|tool): ", re.MULTILINE)
_REPR = re.compile(r"role='(\w{1,20})' content=(['\"])((?:[^\\]|\\.)*?)\2 \w+=")


def spoken(value: Any, role: str = "user", depth: int = 8) -> list[Record]:
    """The messages inside a value; what has no role of its own gets `role`."""
    value = fields.parsed(value)
    if not value or depth == 0:
        return []
    if isinstance(value, str):
        return _of_text(value, role)
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value) and len(value) == 2:
            return [{"role": _ROLES.get(value[0], value[0]), "content": value[1]}]
        return [m for item in value for m in spoken(item, role, depth - 1)]
    if not isinstance(value, dict):
        return []
    row = _plain(value)
    if "role" not in row and row.get("type") not in (*_CALLS, *_RESULTS, *_THOUGHTS):
        inner = next((row[k] for k in _CARRIERS if row.get(k)), None)
        if inner is not None:
            said = spoken(row.get("system"), "system") if role == "user" else []
            return [*said, *spoken(inner, role, depth - 1)]
        if isinstance(row.get("content"), dict):
            return spoken(row["content"], role, depth - 1)
    return _message(row, role)


def one_answer(messages: Iterable[Record]) -> Record | None:
    """All that a model wrote in one call, as one message: its reasoning, words, calls."""
    spoken_by_it = [m for m in messages if m.get("role") == "assistant"]
    if not spoken_by_it:
        return None
    content = [part for m in spoken_by_it for part in _parts(m)]
    return {
        "role": "assistant",
        "content": content,
        "reasoning_content": "\n\n".join(
            filter(None, (fields.string(m, *_REASONED) for m in spoken_by_it))
        ),
        "tool_calls": [c for m in spoken_by_it for c in fields.items(m["tool_calls"])],
    }


_REASONED = ("reasoning_content", "reasoning")


def _of_text(text: str, role: str) -> list[Record]:
    labels = list(_LABEL.finditer(text)) if _LABEL.match(text) else []
    ends = [*(label.start() for label in labels[1:]), len(text)]
    if labels:
        return [
            _row(_ROLES.get(label[1], label[1]), text[label.end() : end].strip())
            for label, end in zip(labels, ends, strict=True)
        ]
    if (written := _REPR.match(text)) is not None:
        words = written[3].replace("\\n", "\n").replace("\\'", "'")
        return [_row(_ROLES.get(written[1], written[1]), words)]
    return [_row(role, text)]


def _row(role: str, content: Any, calls: Sequence[Any] = ()) -> dict[str, Any]:
    return {"role": role, "content": content, "tool_calls": list(calls)}


def _plain(row: Record) -> dict[str, Any]:
    """A message out of the envelopes of LangChain and OpenInference."""
    inner = fields.record(row.get("kwargs", row.get("data")))
    row = {"type": row.get("type"), **inner} if inner else dict(row)
    role = fields.string(row, "role") or fields.string(row, "type")
    if role in _ROLES or role in ("user", "system", "tool", "assistant"):
        row["role"] = _ROLES.get(role, role)
    if row.get("type") == "message" and isinstance(row.get("message"), dict):
        row = dict(row["message"])
    return row


def _message(row: dict[str, Any], role: str) -> list[Record]:
    kept: list[Any] = []
    calls = [_call(call) for call in fields.items(row.get("tool_calls"))]
    about = fields.record(row.get("additional_kwargs"))
    if not calls:
        calls = [_call(call) for call in fields.items(about.get("tool_calls"))]
    results: list[Record] = []
    single = "role" not in row and ("type" in row or "toolCallId" in row)
    for part in [row] if single else _parts(row):
        kind = _kind(part)
        if kind in _CALLS:
            calls.append(_call(part))
        elif kind in _RESULTS:
            results.append(_result(part))
        else:
            kept.append(part)
    role = fields.string(row, "role") or ("assistant" if calls else role)
    if role == "tool" and not results:
        return [{**row, "role": "tool"}]
    if not (kept or calls):
        return results
    reasoned = fields.string(row, *_REASONED) or fields.string(about, *_REASONED)
    name = fields.string(row, "name")
    message = {**_row(role, kept, calls), "reasoning_content": reasoned, "name": name}
    return [*results, message]


def _parts(row: Record) -> list[Any]:
    inside = next(
        (row[k] for k in ("parts", "contents", "content", "text") if row.get(k)), None
    )
    parsed = fields.parsed(inside)
    parts = parsed if isinstance(parsed, list) and inside != parsed else inside
    if isinstance(parts, list):
        return [_unwrapped(part) for part in parts]
    return [] if parts is None else [{"type": "text", "text": fields.text(parts)}]


def _unwrapped(part: Any) -> Any:
    row = fields.record(part)
    return row.get("message_content", part) if row else part


def _kind(part: Any) -> str:
    row = fields.record(part)
    if "toolCallId" in row and "type" not in row:
        return "tool_call"
    kind = fields.string(row, "type", "part_kind").replace("-", "_")
    if kind == "function" or "functionCall" in row or "function_call" in row:
        return "tool_call"
    if "functionResponse" in row or "function_response" in row:
        return "tool_result"
    return kind


def _call(value: Any) -> dict[str, Any]:
    row = fields.record(fields.parsed(value))
    row = fields.record(row.get("tool_call")) or row
    row = fields.record(row.get("functionCall", row.get("function_call"))) or row
    inner = fields.record(row.get("function")) or row
    arguments = next(
        (inner[k] for k in ("arguments", "args", "input", "tool_args") if k in inner),
        None,
    )
    return {
        "id": fields.string(row, "toolCallId", "call_id", "tool_call_id", "id"),
        "name": fields.string(inner, "name", "toolName", "tool_name"),
        "arguments": arguments,
    }


def _result(part: Mapping[str, Any]) -> Record:
    inner = part.get("functionResponse", part.get("function_response"))
    row = fields.record(inner) or part
    answer = next((row[k] for k in _ANSWERS if row.get(k) is not None), None)
    return {
        "role": "tool",
        "content": answer,
        "name": fields.string(row, "name", "toolName"),
        "tool_call_id": fields.string(
            row, "toolCallId", "call_id", "tool_use_id", "tool_call_id", "id"
        ),
    }
