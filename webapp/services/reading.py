"""An episode read in pieces: every step as one line, whole steps by the chunk."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.db.models.functions import Left

from webapp.models import Episode, Step

# what a page lists at once; a longer episode is read in parts
PART = 5_000
CHUNK = 50
_WORDS = 90


@dataclass(frozen=True, slots=True)
class Line:
    """A step in one line; `failed` when its first call came back an error."""

    index: int
    kind: str
    words: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Steps `start` up to `end` (exclusive) of an episode, `number` of `count`."""

    number: int
    count: int
    start: int
    end: int

    @classmethod
    def around(cls, episode: Episode, index: int) -> "Part":
        number = index // PART
        start = number * PART
        count = -(-episode.step_count // PART)
        return cls(number, count, start, min(start + PART, episode.step_count))

    def chunks(self) -> Iterator[range]:
        for start in range(self.start, self.end, CHUNK):
            yield range(start, min(start + CHUNK, self.end))


def lines(episode: Episode, part: Part) -> list[Line]:
    """One query that leaves the bodies where they are."""
    rows = _between(episode, part.start, part.end).values_list(
        "index",
        "kind",
        F("calls__0__name"),
        F("calls__0__is_error"),
        Left("text", _WORDS),
        Left("thought", _WORDS),
    )
    return [_line(*row) for row in rows]


def steps(episode: Episode, indices: range) -> list[Step]:
    return list(_between(episode, indices.start, indices.stop))


def _between(episode: Episode, start: int, end: int) -> Any:
    return episode.steps.filter(index__gte=start, index__lt=end).order_by("index")


def _line(
    index: int, kind: str, call: str | None, failed: bool | None, *texts: str
) -> Line:
    words = _first(call or "" for call in (call, *texts))
    return Line(index, kind, words, bool(failed))


def _first(texts: Iterable[str]) -> str:
    return next((" ".join(text.split()) for text in texts if text.strip()), "")
