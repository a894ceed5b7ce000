"""Reading one field of a JSON object, or saying by its pointer what is wrong with it.

`row` is the object, `at` its own JSON pointer. Every function raises InvalidEpisode.
"""

from collections.abc import Mapping
from typing import Any, NoReturn

from scoring.errors import InvalidEpisode


def fail(detail: str, pointer: str) -> NoReturn:
    raise InvalidEpisode(detail, pointer=pointer)


def obj(value: Any, at: str, keys: set[str] | None) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        fail("expected an object", at)
    unknown = sorted(set(value) - keys) if keys is not None else []
    if unknown:
        fail(f"unknown field {unknown[0][:80]!r}", at)
    return value


def rows(row: Mapping[str, Any], key: str, at: str) -> list[Any]:
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        fail("expected a list", f"{at}/{key}")
    return value


def maybe_text(row: Mapping[str, Any], key: str, at: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        fail("expected text", f"{at}/{key}")
    return value


def text(row: Mapping[str, Any], key: str, at: str) -> str:
    return maybe_text(row, key, at) or ""


def flag(row: Mapping[str, Any], key: str, at: str) -> bool:
    value = row.get(key, False)
    if not isinstance(value, bool):
        fail("expected true or false", f"{at}/{key}")
    return value


def maybe_number(row: Mapping[str, Any], key: str, at: str) -> float | None:
    value = row.get(key)
    if value is None:
        return None
    # bool is an int in Python, and would pass as 1.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        fail("expected a number", f"{at}/{key}")
    # written so that NaN fails it, and so that no huge integer becomes a float
    if not abs(value) <= 1e15:
        fail("expected a finite number within ±1e15", f"{at}/{key}")
    return float(value)


def maybe_count(row: Mapping[str, Any], key: str, at: str) -> int | None:
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        fail("expected a whole number, 0 or more", f"{at}/{key}")
    return value
