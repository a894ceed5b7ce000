"""Logs in which every call of a model repeats the conversation so far: of the records
that are beginnings of one another, the longest is the run.

Calls of several runs may take turns in a log, so a few records are held back until it
is known that nothing longer follows.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.formats import fields
from scoring.formats.format import Record, RowError
from scoring.formats.rows import Row

# what may be waiting, so that memory stays flat
HELD = 8
MAX_SIZE = 1 << 20

History = Callable[[Record], Sequence[Any]]
Pair = tuple[Record, Row]


@dataclass(slots=True)
class Held:
    """A record and its row; `said` are its messages, `shorter` how many records were
    beginnings of it."""

    record: Record
    row: Row
    said: Sequence[Any]
    shorter: int = 0


def longest(
    pairs: Iterable[Pair | RowError], history: History
) -> Iterator[Held | RowError]:
    """The records that no later one begins with. `history` gives a record's messages,
    or none where it has to stand for itself."""
    waiting: list[Held] = []
    for pair in pairs:
        if isinstance(pair, RowError):
            yield pair
            continue
        record, row = pair
        new = Held(record, row, history(record) if row.size <= MAX_SIZE else ())
        before = next((h for h in waiting if _begins(h.said, new.said)), None)
        if before is not None:
            new.shorter = before.shorter + 1
            waiting[waiting.index(before)] = new
        elif new.said:
            waiting.append(new)
        else:
            yield from waiting
            waiting = []
            yield new
        if len(waiting) > HELD:
            yield waiting.pop(0)
    yield from waiting


def _begins(shorter: Sequence[Any], longer: Sequence[Any]) -> bool:
    if not 1 < len(shorter) < len(longer):
        return False
    # what is spelt the same needs no second look
    pairs = zip(shorter, longer, strict=False)
    return all(a == b or _words(a) == _words(b) for a, b in pairs)


def _words(message: Any) -> tuple[str, ...]:
    """What two spellings of one message have in common."""
    row = fields.record(fields.parsed(message))
    calls = [fields.call(call) for call in fields.items(row.get("tool_calls"))]
    names = (f"{call.name} {fields.text(call.arguments)}" for call in calls)
    return (fields.string(row, "role"), fields.text(row.get("content")), *names)
