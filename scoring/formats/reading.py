"""From a stream to episodes: sample the rows, find the format, read on.

Everything a reader may raise about one row becomes a RowError here; what concerns the
whole file is raised.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, BinaryIO

from scoring.errors import InvalidInput, UnknownFormat, UnreadableFile
from scoring.formats import fields
from scoring.formats.blobs import Blobs, beside, taken_out
from scoring.formats.bystanders import bystander
from scoring.formats.format import Format, Record, RowError
from scoring.formats.rows import (
    MAX_ROW,
    Row,
    Rows,
    Window,
    is_json,
    json_rows,
    text_lines,
)
from scoring.formats.source import text_chunks
from scoring.schema import Episode

SAMPLE_ROWS = 60
SAMPLE_SIZE = 4 << 20
NEAREST = 3

Results = Iterator[Episode | RowError]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STAMP = r"(?:\d{4}-\d\d-\d\d[ T][\d:,.]+ [A-Z]+ +)?"
_TEXT_LABEL = re.compile(rf"^{_STAMP}([A-Z][A-Za-z ]{{1,24}}?)(?: \d+)?:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """A file being read: what format it has, and its episodes as they come. `fits` are
    all formats that know its first records; `member` is its name in an archive."""

    format: Format
    episodes: Results
    fits: tuple[Format, ...] = ()
    member: str | None = None


def open_stream(
    stream: BinaryIO, formats: Sequence[Format], chosen: Format | None
) -> Reading:
    chunks = text_chunks(stream)
    window = Window(chunks)
    window.grow()
    is_text = chosen.unit == "text" if chosen else not is_json(window.text)
    if is_text:
        return _open_text(window, formats, chosen)
    return _open_json(json_rows(window), formats, chosen)


def _open_text(
    window: Window, formats: Sequence[Format], chosen: Format | None
) -> Reading:
    head = _ANSI.sub("", window.text)
    # what its lines begin with, or the columns of a table
    columns = head.partition("\n")[0].strip().split(",")
    labels = dict.fromkeys([*_TEXT_LABEL.findall(head), *columns])
    readers = [format for format in formats if format.unit == "text"]
    fits = find(readers, [labels])
    if not (chosen or fits) and (what := bystander([labels])) is not None:
        raise UnknownFormat(f"this is {what}: no trajectory")
    format = chosen or (fits[0] if fits else _unknown(readers, labels, "text"))
    lines = ((number, _printable(line)) for number, line in text_lines(window))
    return Reading(format, warned(of_value(format, lines, None, cut=False)), fits)


def _open_json(rows: Rows, formats: Sequence[Format], chosen: Format | None) -> Reading:
    sample = list(_sample(rows))
    records = [
        r for row in sample if isinstance(row, Row) for r in all_records(row.value)
    ]
    readers = [format for format in formats if format.unit != "text"]
    fits = find(readers, records)
    format = chosen or next(iter(fits), None)
    if format is None:
        if not records:
            raise _nothing_usable(sample)
        if (what := bystander(records)) is not None:
            raise UnknownFormat(f"this is {what}: no trajectory")
        format = _unknown(readers, records[0], "JSON")
    everything = chain(sample, rows)
    return Reading(format, warned(_episodes(format, everything)), fits)


def find(formats: Iterable[Format], records: Sequence[Record]) -> tuple[Format, ...]:
    """The formats, in the order of detection, that know any of the records."""
    return tuple(f for f in formats if any(f.knows(r) for r in records))


def _sample(rows: Rows) -> Rows:
    size = 0
    for row in islice(rows, SAMPLE_ROWS):
        yield row
        size += row.size if isinstance(row, Row) else 0
        if size >= SAMPLE_SIZE:
            return


def _unknown(formats: Sequence[Format], record: Record, what: str) -> Any:
    named = [format for format in formats if all(format.needs)]
    near = sorted(named, key=lambda format: format.distance(record))[:NEAREST]
    lacks = "; ".join(f"{f.title} ({_what_lacks(f, record)})" for f in near)
    found = ", ".join(sorted(map(str, record))[:12]) or "nothing that could be named"
    raise UnknownFormat(
        f"no reader knows this {what}. It has {found[:300]}. Nearest: {lacks}"
    )


def _what_lacks(format: Format, record: Mapping[str, Any]) -> str:
    missing = sorted(format.missing(record))
    return f"lacks {', '.join(missing)}" if missing else "but its contents differ"


def _nothing_usable(sample: Sequence[Row | RowError]) -> UnreadableFile:
    for row in sample:
        if isinstance(row, RowError):
            return UnreadableFile(row.detail, line=row.line)
    return UnknownFormat("this is JSON, but there are no objects in it")


def _episodes(format: Format, rows: Rows) -> Results:
    read = _of_file if format.unit == "file" else _of_rows
    return read(format, rows)


def _of_rows(format: Format, rows: Rows) -> Results:
    for row in rows:
        if isinstance(row, RowError):
            yield row
        elif records := all_records(row.value):
            for record in records:
                yield from of_value(format, record, row.line, row.truncated)
        else:
            yield RowError(row.line, "expected a JSON object")


def _of_file(format: Format, rows: Rows) -> Results:
    """All objects of the file are one log; a row that is a list is a log of its own."""
    log: list[Record] = []
    size, cut = 0, False
    for row in rows:
        if isinstance(row, RowError):
            cut = cut or row.truncated
            yield row
        elif (record := _record(row.value)) is not None:
            log.append(record)
            size += row.size
        elif records := all_records(row.value):
            yield from of_value(format, records, row.line, row.truncated)
        else:
            yield RowError(row.line, "expected a JSON object")
        if size > MAX_ROW:
            raise UnreadableFile(f"one episode larger than {MAX_ROW >> 20} MB")
    if log:
        yield from of_value(format, log, None, cut)


def _record(value: Any) -> Record | None:
    """An object; some logs write it as a pair of its kind and the object itself."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        value = value[1]
    return value if isinstance(value, dict) else None


def all_records(value: Any) -> list[Record]:
    """The objects of a row: itself, or those it lists."""
    one = _record(value)
    if one is not None:
        return [one]
    items = value if isinstance(value, list) else []
    return [record for item in items if (record := _record(item)) is not None]


def of_value(format: Format, value: Any, line: int | None, cut: bool) -> Results:
    result: Episode | RowError | None = None
    blobs: Blobs = {}
    try:
        for result in format.read(taken_out(value, blobs)):
            yield _with_blobs(_marked(result, format, cut), blobs)
    except InvalidInput as error:
        yield RowError(error.line or line, error.detail, error.pointer)
    else:
        if result is None:
            yield RowError(line, "no episode inside")


def _marked(
    result: Episode | RowError, format: Format, cut: bool
) -> Episode | RowError:
    """An episode that says where it came from, and whether its file was cut."""
    if isinstance(result, RowError):
        return result
    # what is in our own format says itself what it has to say
    if format.name != "pacenote":
        meta = {"source_format": format.name, **result.meta}
        result = replace(result, meta=meta)
    if cut:
        result = _with_warning(result, "the file is cut inside this episode")
    return replace(result, ended="truncated") if cut else result


def _with_blobs(result: Episode | RowError, blobs: Blobs) -> Episode | RowError:
    if not blobs or isinstance(result, RowError):
        return result
    kept, lost = beside(result, blobs)
    if lost:
        sentence = f"{lost} images or files are not kept: too many, or too large"
        result = _with_warning(result, sentence)
    return replace(result, blobs=kept)


def warned(results: Results) -> Results:
    """Say so where an id is used twice: nothing is dropped, but nothing is unique."""
    seen: set[str] = set()
    for result in results:
        if not isinstance(result, Episode) or result.id not in seen:
            yield result
        else:
            yield _with_warning(result, "another episode of this file has this id")
        if isinstance(result, Episode) and result.id:
            seen.add(result.id)


def with_member(results: Results, member: str) -> Results:
    """Results that say in which file of an archive something went wrong."""
    for result in results:
        if isinstance(result, RowError):
            yield replace(result, member=member)
        else:
            yield result


def _with_warning(episode: Episode, sentence: str) -> Episode:
    warnings = [*fields.items(episode.meta.get("warnings")), sentence]
    return replace(episode, meta={**episode.meta, "warnings": warnings})


def _printable(line: str) -> str:
    """A line of a terminal's log: no colours, no NUL (which no database takes)."""
    return _ANSI.sub("", line).replace("\x00", "\ufffd").rstrip("\r")
