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
_RECORDS, _KEYS = 5, 100


class _Found:
    """The keys of a record, and which of them a key may have been meant by."""

    def __init__(self, record: Record) -> None:
        self.keys = list(map(str, record))[:_KEYS]
        self._close: dict[str, str] = {}

    def close(self, key: str) -> str:
        if key not in self._close:
            near = [] if key in self.keys else get_close_matches(key, self.keys, 1, 0.8)
            self._close[key] = "".join(near)
        return self._close[key]

    def fit(self, key: str) -> float:
        return 1 if key in self.keys else MISSPELT if self.close(key) else 0


def nearest(formats: Sequence[Format], records: Sequence[Record]) -> str:
    """The nearest formats, each with what the records lack to be of it."""
    rare = Counter(key for f in formats for keys in f.needs for key in keys)
    seen = [_Found(record) for record in records[:_RECORDS]] or [_Found({})]
    named = [format for format in formats if all(format.needs)]
    # a tie is for the format that is looked for first
    near = sorted(named, key=lambda f: -_closest(f, seen, rare)[0])[:NEAREST]
    return "; ".join(f"{f.title} ({_what_lacks(f, seen, rare)})" for f in near)


def _closest(
    format: Format, seen: Sequence[_Found], rare: Counter[str]
) -> tuple[float, frozenset[str], _Found]:
    """(share, keys, record) of the record that comes closest to any set of keys."""
    ways = (
        (_share(keys, found, rare), keys, found)
        for keys in format.needs
        for found in seen
    )
    return max(ways, key=lambda way: way[0])


def _share(keys: frozenset[str], found: _Found, rare: Counter[str]) -> float:
    there = sum(found.fit(key) / rare[key] for key in keys)
    return there / sum(1 / rare[key] for key in keys)


def _what_lacks(format: Format, seen: Sequence[_Found], rare: Counter[str]) -> str:
    share, keys, found = _closest(format, seen, rare)
    if share == 1:
        return f"has its keys, but {format.asks or 'what they hold differs'}"
    return f"lacks {', '.join(_missing(keys, found))}"


def _missing(keys: frozenset[str], found: _Found) -> Iterator[str]:
    for key in sorted(keys - set(found.keys)):
        close = found.close(key)
        yield f"{key} (it has {close!r})" if close else key
