"""Graders: how right an answer is against a reference, in [0, 1]."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from scoring import strictjson
from scoring.errors import UnreadableFile

TOLERANCE = 1e-6  # relative, of `number`

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[-+]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?%?")


def exact(answer: str, reference: str) -> float:
    """The very same characters."""
    return float(answer == reference)


def text(answer: str, reference: str) -> float:
    """The same words, whatever the case, spacing and punctuation. Where either has no
    word at all, the same characters."""
    said, wanted = _words(answer), _words(reference)
    if not said or not wanted:
        return exact(answer.strip(), reference.strip())
    return float(said == wanted)


def number(answer: str, reference: str) -> float:
    """The last number of each, equal up to a relative 1e-6; thousands commas and
    percent signs are understood."""
    said, wanted = _last_number(answer), _last_number(reference)
    if said is None or wanted is None:
        return 0.0
    return float(math.isclose(said, wanted, rel_tol=TOLERANCE, abs_tol=1e-12))


def json_equal(answer: str, reference: str) -> float:
    """The same JSON value; the order of keys and 1 against 1.0 don't matter."""
    try:
        return float(
            _typed(strictjson.loads(answer)) == _typed(strictjson.loads(reference))
        )
    except UnreadableFile:
        return 0.0


def f1(answer: str, reference: str) -> float:
    """Harmonic mean of precision and recall over words, counted with multiplicity."""
    said, wanted = Counter(_words(answer)), Counter(_words(reference))
    shared = sum((said & wanted).values())
    if not shared:
        return 0.0
    return 2 * shared / (said.total() + wanted.total())


GRADERS: Mapping[str, Callable[[str, str], float]] = {
    "exact": exact,
    "text": text,
    "number": number,
    "json": json_equal,
    "f1": f1,
}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _last_number(text: str) -> float | None:
    found = _NUMBER.findall(text)
    if not found:
        return None
    digits = found[-1].replace(",", "")
    value = float(digits.rstrip("%"))
    return value / 100 if digits.endswith("%") else value


def _typed(value: Any) -> str:
    # Python holds True == 1; JSON does not
    return json.dumps(_floats(value), sort_keys=True)


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if type(value) is int else value
