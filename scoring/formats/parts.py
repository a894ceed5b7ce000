"""Parts of messages: the spellings of a tool's call, its result and a thought."""

from typing import Any

from scoring.formats import fields
from scoring.formats.format import Record

CALLS = ("tool_call", "tool_use", "function_call")
RESULTS = ("tool_call_response", "tool_result", "function_call_output", "tool_return")
THOUGHTS = ("reasoning", "thinking")
_ANSWERS = ("result", "response", "output", "content", "text")
_INPUTS = ("arguments", "args", "input", "tool_args")


def parts(row: Record) -> list[Any]:
    """What a message is made of, whatever it calls it."""
    inside = next(
        (row[k] for k in ("parts", "contents", "content", "text") if row.get(k)), None
    )
    written = fields.parsed(inside)
    if isinstance(written, list) and all(isinstance(part, dict) for part in written):
        inside = written
    if isinstance(inside, list):
        return [unwrapped(part) for part in inside]
    return [] if inside is None else [{"type": "text", "text": fields.text(inside)}]


def unwrapped(part: Any) -> Any:
    """A part out of its envelope, its reasoning in a common spelling."""
    row = fields.record(part)
    row = fields.record(row.get("message_content")) or row
    if row.get("thought") is True or "summary" in row:
        words = fields.text(row.get("summary")) or fields.text(row.get("text"))
        return {"type": "reasoning", "text": words or "[hidden reasoning]"}
    return row or part


def kind(part: Any) -> str:
    row = fields.record(part)
    if any(row.get(name) for name in ("functionCall", "function_call", "function")):
        return "tool_call"
    if row.get("functionResponse") or row.get("function_response"):
        return "tool_result"
    if "toolCallId" in row and "type" not in row:
        return "tool_call"
    said = fields.string(row, "type", "part_kind").replace("-", "_")
    return "tool_call" if said == "toolCall" else said


def call(value: Any) -> dict[str, Any]:
    """`{id, name, arguments}` of a call in any of the spellings."""
    row = fields.record(fields.parsed(value))
    for wrapper in ("tool_call", "functionCall", "function_call"):
        row = fields.record(row.get(wrapper)) or row
    inner = fields.record(row.get("function")) or row
    return {
        "id": fields.string(row, "toolCallId", "call_id", "tool_call_id", "id"),
        "name": fields.string(inner, "name", "toolName", "tool_name"),
        "arguments": next((inner[k] for k in _INPUTS if k in inner), None),
    }


def result(part: Record) -> Record:
    """A tool's answer as a message of its own."""
    inner = part.get("functionResponse") or part.get("function_response")
    row = fields.record(inner) or part
    return {
        "role": "tool",
        "is_error": part.get("is_error") is True,
        "content": next((row[k] for k in _ANSWERS if row.get(k) is not None), None),
        "name": fields.string(row, "name", "toolName", "tool_name"),
        "tool_call_id": fields.string(
            row, "toolCallId", "call_id", "tool_use_id", "tool_call_id", "id"
        ),
    }
