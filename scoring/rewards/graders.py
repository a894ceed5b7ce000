"""Graders: how right an answer is against a reference, in [0, 1].

None says that the reference itself can't be read: that is nobody's failure.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import re2

from scoring import strictjson
from scoring.errors import UnreadableFile
from scoring.rewards import algebra

TOLERANCE = 1e-6  # relative, of `number`
REGEX_BYTES = 1 << 20  # what one pattern may hold in memory

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
        return float(same_json(strictjson.loads(answer), strictjson.loads(reference)))
    except UnreadableFile:
        return 0.0


def same_json(one: Any, other: Any) -> bool:
    """Parsed JSON: one value, where an object's order and 1 against 1.0 don't matter,
    but true is not 1."""
    return _typed(one) == _typed(other)


def f1(answer: str, reference: str) -> float:
    """Harmonic mean of precision and recall over words, counted with multiplicity."""
    said, wanted = Counter(_words(answer)), Counter(_words(reference))
    shared = sum((said & wanted).values())
    if not shared:
        return 0.0
    return 2 * shared / (said.total() + wanted.total())


def set_f1(answer: str, reference: str) -> float:
    """Harmonic mean of precision and recall over the distinct items of two lists: a
    JSON list, or texts apart by commas, semicolons or lines; compared as `text` is."""
    said, wanted = _items(answer), _items(reference)
    if not said or not wanted:
        return float(said == wanted)
    return 2 * len(said & wanted) / (len(said) + len(wanted))


def regex(answer: str, reference: str) -> float | None:
    """The whole answer matches the reference, an RE2 pattern: linear time, whatever
    the pattern and the text."""
    pattern = _compiled(reference)
    if pattern is None:
        return None
    # a lone surrogate has no UTF-8
    text = answer.strip().encode(errors="replace").decode()
    return float(pattern.fullmatch(text) is not None)


GRADERS: Mapping[str, Callable[[str, str], float | None]] = {
    "exact": exact,
    "text": text,
    "number": number,
    "json": json_equal,
    "f1": f1,
    "set_f1": set_f1,
    "regex": regex,
    "math": algebra.equal,
}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _items(text: str) -> set[str]:
    try:
        rows = strictjson.loads(text)
    except UnreadableFile:
        rows = None
    parts = rows if isinstance(rows, list) else re.split(r"[,;\n]", text)
    plain = (part if isinstance(part, str) else _typed(part) for part in parts)
    return {" ".join(_words(part)) or part.strip() for part in plain} - {""}


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors = REGEX_BYTES, False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        return None


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
