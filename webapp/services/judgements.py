"""What may stand on each axis of a label, checked before it is written."""

import math
import re
from collections.abc import Callable
from typing import Any

from scoring.errors import InvalidInput
from webapp.models.label_event import Axis

MAX_TEXT = 10_000
UNSURE = "unsure"

_VERDICTS = (-1, 0, 1, UNSURE)
_OUTCOMES = (-1, 0, 1)
# what PostgreSQL can't store: NUL, and halves of surrogate pairs
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")


def check(axis: str, value: Any) -> Any:
    """The value as it is stored; None takes the judgement back.

    Raises:
        InvalidInput: no such axis, or a value it doesn't take.
    """
    if axis not in _CHECKS:
        names = ", ".join(_CHECKS)
        raise InvalidInput(f"expected one of {names}", pointer="/axis")
    return None if value is None else _CHECKS[axis](value)


def _verdict(value: Any) -> Any:
    return _one_of(value, _VERDICTS, '-1, 0, 1, "unsure" or null')


def _outcome(value: Any) -> Any:
    return _one_of(value, _OUTCOMES, "-1, 0, 1 or null")


def _one_of(value: Any, allowed: tuple[Any, ...], words: str) -> Any:
    # True == 1 and 1.0 == 1 in Python, yet neither is a verdict
    if type(value) not in (int, str) or value not in allowed:
        raise _refused(f"expected {words}")
    return value


def _preference(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value <= 1:
        raise _refused("expected a number between 0 and 1, or null")
    return float(value)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refused("expected true, false or null")
    return value


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise _refused(f"expected text of at most {MAX_TEXT} characters, or null")
    if _BAD_TEXT.search(value):
        raise _refused("text holds a NUL character or half of a surrogate pair")
    return value.strip() or None


def _refused(detail: str) -> InvalidInput:
    return InvalidInput(detail, pointer="/value")


_CHECKS: dict[str, Callable[[Any], Any]] = {
    Axis.VERDICT: _verdict,
    Axis.OUTCOME: _outcome,
    Axis.PREFERENCE: _preference,
    Axis.HARM: _yes_or_no,
    Axis.PRIVACY: _yes_or_no,
    Axis.BAD_TASK: _text,
    Axis.COMMENT: _text,
}
