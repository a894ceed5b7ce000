"""What a format is: the keys its records carry and a function that reads them.

A reader is a pure function over plain JSON values (or lines of text): bytes, encodings,
streaming and broken rows are dealt with once, in `source`, `rows` and `reading`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from scoring.schema import Episode

Record = Mapping[str, Any]
Unit = Literal["row", "file", "text"]


@dataclass(frozen=True, slots=True)
class RowError:
    """One episode that could not be read; the rest go on. `line` is 1-based, `pointer`
    an RFC 6901 JSON pointer inside the row, `truncated` says the file was cut here,
    `member` the file inside an archive."""

    line: int | None
    detail: str
    pointer: str | None = None
    truncated: bool = False
    member: str | None = None


def _always(_record: Record) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Format:
    """One format. A record is recognised when it has all keys of one set in `needs` and
    `accepts` it; `asks` says in words what it accepts, for who has the keys and no
    more. `read` gets, by `unit`: "row" one record, "file" the list of all
    records, "text" numbered lines; it raises InvalidInput where something is wrong,
    and yields a RowError only where it can go on after it. `history` gives a record's
    messages, where logs may repeat them from record to record (see `prefixes`)."""

    name: str
    title: str
    needs: tuple[frozenset[str], ...]
    read: Callable[[Any], Iterator[Episode | RowError]]
    unit: Unit = "row"
    accepts: Callable[[Record], bool] = _always
    asks: str = ""
    history: Callable[[Record], Sequence[Any]] | None = None

    def knows(self, record: Record) -> bool:
        found = record.keys()
        for keys in self.needs:
            if keys <= found:
                return self.accepts(record)
        return False


def keys(*names: str) -> frozenset[str]:
    return frozenset(names)
