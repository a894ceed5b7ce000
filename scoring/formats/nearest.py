"""What a file that no reader knows comes closest to, and what it lacks.

A key that few formats have tells more than one that many have, and one that is only
misspelt counts half. The nearest format is the one of whose keys the most are there.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from scoring.formats.format import Format, Record

NEAREST = 3
MISSPELT = 0.5
# of records and of their keys, so that no file can make this slow
_RECORDS, _KEYS = 20, 200


def nearest(formats: Sequence[Format], records: Sequence[Record]) -> str:
    """The nearest formats, each with what the records lack to be of it."""
    rare = Counter(key for f in formats for keys in f.needs for key in keys)
    named = [format for format in formats if all(format.needs)]
    seen = [list(map(str, record))[:_KEYS] for record in records[:_RECORDS]] or [[]]
    best = sorted(
        (max(_closeness(f, found, rare) for found in seen), -place)
        for place, f in enumerate(named)
    )
    near = [named[-place] for _, place in best[: -NEAREST - 1 : -1]]
    return "; ".join(f"{f.title} ({_what_lacks(f, seen, rare)})" for f in near)


def _closeness(format: Format, found: Sequence[str], rare: Counter[str]) -> float:
    return max(_share(keys, found, rare) for keys in format.needs)


def _share(keys: frozenset[str], found: Sequence[str], rare: Counter[str]) -> float:
    weights = {key: 1 / rare[key] for key in keys}
    there = sum(weight * _fit(key, found) for key, weight in weights.items())
    return there / sum(weights.values())


def _fit(key: str, found: Sequence[str]) -> float:
    if key in found:
        return 1
    return MISSPELT if get_close_matches(key, found, 1, 0.8) else 0


def _what_lacks(
    format: Format, seen: Sequence[Sequence[str]], rare: Counter[str]
) -> str:
    share, keys, found = max(
        (
            (_share(keys, found, rare), keys, found)
            for keys in format.needs
            for found in seen
        ),
        key=lambda one: one[0],
    )
    if share == 1:
        return f"has its keys, but {format.asks or 'what they hold differs'}"
    return f"lacks {', '.join(_missing(keys, found))}"


def _missing(keys: frozenset[str], found: Sequence[str]) -> Iterator[str]:
    for key in sorted(keys - set(found)):
        close = get_close_matches(key, found, 1, 0.8)
        yield f"{key} (it has {close[0]!r})" if close else key
