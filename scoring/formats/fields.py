"""Lenient access to other people's JSON: a wrong type reads as nothing, never a crash.

Only `pacenote/episode@1` is checked field by field; a foreign format is taken as it
comes and what can't be used stays verbatim in `meta`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from scoring import strictjson
from scoring.errors import UnreadableFile
from scoring.schema import Call, Tokens

_TEXT_KEYS = ("text", "value", "content", "reasoning", "thinking", "refusal", "output")


def record(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def records(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in items(value) if isinstance(item, dict)]


def items(value: Any) -> Sequence[Any]:
    """A list, or the list inside a string of JSON."""
    value = parsed(value)
    return value if isinstance(value, list) else []


def parsed(value: Any) -> Any:
    """What a string of JSON holds; any other value, and text that isn't JSON, as is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return strictjson.loads(value)
    except UnreadableFile:
        return value


def text(value: Any) -> str:
    """The words of a message's content: text, a list of parts, or any JSON as text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, map(part_text, value)))
    return json.dumps(value, ensure_ascii=False)


def part_text(part: Any) -> str:
    if not isinstance(part, dict):
        return text(part)
    blob = _blob(part)
    if blob:
        return f"[{part.get('type', 'file')} {blob}]"
    spoken = next((part[key] for key in _TEXT_KEYS if part.get(key) is not None), None)
    return json.dumps(part, ensure_ascii=False) if spoken is None else text(spoken)


def _blob(part: Mapping[str, Any]) -> str:
    """The name of an image or sound, or of what stands in its place without being one:
    neither has a place in a step's text."""
    for key in ("image_url", "input_audio", "source", "image", "file"):
        inner = part.get(key)
        inner = record(inner).get("url") or record(inner).get("data") or inner
        if isinstance(inner, str) and inner.startswith("sha256:"):
            return inner
        if isinstance(inner, str) and (inner[:5] == "data:" or len(inner) > 1000):
            return f"sha256:{sha256(inner.encode()).hexdigest()}"
    return ""


def string(row: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that is text or a whole number, as text; else ""."""
    for name in names:
        value = row.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, str) and value:
            return value
    return ""


def number(value: Any) -> float | None:
    """A finite number within ±1e15, else None; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) <= 1e15 else None


def count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 2**53 else None


def tokens(usage: Any) -> Tokens | None:
    """Token counts as OpenAI, Anthropic or LangChain spell them."""
    row = record(usage)
    read = count(row.get("prompt_tokens", row.get("input_tokens")))
    written = count(row.get("completion_tokens", row.get("output_tokens")))
    return None if read is written is None else Tokens(read, written)


def call(value: Any) -> Call:
    """A tool call in any of the common spellings, even as a string of JSON.

    Arguments that are JSON text become what they say; text that doesn't parse stays
    text, since a malformed call is itself something to judge.
    """
    row = record(parsed(value))
    inner = record(row.get("function")) or row
    arguments = next(
        (inner[key] for key in ("arguments", "args", "input") if key in inner), None
    )
    return Call(
        name=string(inner, "name", "function_name", "tool_name", "function")
        or "unnamed",
        arguments=parsed(arguments),
        id=string(row, "id", "call_id", "tool_call_id", "toolCallId") or None,
    )


def without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The columns that have no place in an episode, to be kept verbatim."""
    return {key: value for key, value in row.items() if key not in names}
