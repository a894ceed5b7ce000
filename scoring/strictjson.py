"""JSON as strictly as a database must take it.

Stock parsers accept what a later layer chokes on: NaN, lone surrogates, NUL (which
PostgreSQL refuses), integers of thousands of digits, duplicate keys, nesting that
overflows the stack. Everything that comes from outside is read here, once.
"""

import json
import math
import re
from typing import Any

from scoring.errors import UnreadableFile

MAX_DEPTH = 64
MAX_DIGITS = 30
# of one object
MAX_KEYS = 10_000

# Escapes that can produce a NUL or a surrogate. Raw text can't hold a surrogate (it
# was decoded as UTF-8), so only documents with such an escape pay for the slow check.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")


class BadText(UnreadableFile):
    """All is well but for characters that no database takes. `value` is what was read,
    `end` where it ended; `mended` makes it harmless."""

    def __init__(self, value: Any) -> None:
        super().__init__("text holds a NUL character or half of a surrogate pair")
        self.value = value
        self.end = 0


def loads(text: str, *, line: int | None = None) -> Any:
    """Parse one JSON document.

    Raises:
        UnreadableFile: not JSON, or JSON we refuse; `line` is given back in it.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        detail = f"not valid JSON: {error.msg} at column {error.colno}"
        raise UnreadableFile(detail, line=line or error.lineno) from None
    except RecursionError:
        raise UnreadableFile(_TOO_DEEP, line=line) from None
    except UnreadableFile as error:
        error.line = line
        raise
    check(value, line=line, text_is_suspect=_is_suspect(text, 0, len(text)))
    return value


def mended(value: Any) -> Any:
    """A value whose depth was checked, with U+FFFD for each bad character."""
    if isinstance(value, str):
        return _BAD_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [mended(item) for item in value]
    if isinstance(value, dict):
        return {mended(key): mended(item) for key, item in value.items()}
    return value


def decode_at(text: str, start: int) -> tuple[Any, int]:
    """Parse the one value that begins at `start`; returns it and where it ends.

    Raises:
        json.JSONDecodeError: not JSON, or cut: only the caller knows if more will come.
        UnreadableFile: JSON we refuse.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        raise UnreadableFile(_TOO_DEEP) from None
    try:
        check(value, text_is_suspect=_is_suspect(text, start, end))
    except BadText as error:
        error.end = end
        raise
    return value, end


def check(value: Any, *, line: int | None = None, text_is_suspect: bool = True) -> None:
    """Refuse a parsed value nested too deep or holding NUL or a lone surrogate."""
    texts = _texts(value, line) if text_is_suspect else _depth(value, line)
    if any(map(_BAD_TEXT.search, texts)):
        error = BadText(value)
        error.line = line
        raise error


def _depth(value: Any, line: int | None) -> list[str]:
    """No texts: only the depth is checked, and that in as little time as can be."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if not below:
            return []
        level = below
    raise UnreadableFile(_TOO_DEEP, line=line)


def _texts(value: Any, line: int | None) -> list[str]:
    """All texts inside, keys among them."""
    _depth(value, line)
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str):
            found.append(item)
    return found


def _is_suspect(text: str, start: int, end: int) -> bool:
    # two literal searches are many times faster than one pattern with both
    found = _SUSPECT.search(text, start, end)
    return found is not None or text.find("\x00", start, end) >= 0


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnreadableFile(f"the number {text[:20]} is too large")
    return value


def _bounded(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise UnreadableFile(f"an integer of {len(text)} digits (at most {MAX_DIGITS})")
    return int(text)


def _constant(text: str) -> float:
    raise UnreadableFile(f"{text} is not JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_KEYS:
        raise UnreadableFile(f"an object of {len(pairs)} keys (at most {MAX_KEYS})")
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise UnreadableFile(f"the key {twice[:80]!r} appears twice in one object")
    return result


_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_DECODER = json.JSONDecoder(
    parse_float=_finite,
    parse_int=_bounded,
    parse_constant=_constant,
    object_pairs_hook=_members,
)
