"""From a stream to episodes: sample the rows, find the format, read on.

Everything a reader may raise about one row becomes a RowError here; what concerns the
whole file is raised.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, BinaryIO, NoReturn

from scoring import strictjson
from scoring.errors import InvalidInput, NoTrajectory, UnknownFormat, UnreadableFile
from scoring.formats import fields
from scoring.formats.blobs import Blobs, beside, taken_out
from scoring.formats.bystanders import bystander, bystander_text, look_alike
from scoring.formats.format import Format, Record, RowError
from scoring.formats.nearest import nearest
from scoring.formats.prefixes import Held, longest
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

# keys of an unknown record, and items of a list in it
_LOOK_INTO = 20

Results = Iterator[Episode | RowError]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STAMP = r"(?:\d{4}-\d\d-\d\d[ T][\d:,.]+ [A-Z]+ +)?"
_TEXT_LABEL = re.compile(
    rf"^{_STAMP}([A-Z][A-Za-z -]{{1,24}}?)(?: \d+)?:"
    r'|^([a-z_]{1,24}:$|\{"type":"\w+")',
    re.MULTILINE,
)


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
    if chosen is None:
        _refuse_bystander(bystander_text(window.text))
    if is_text:
        return _open_text(window, formats, chosen)
    return _open_json(json_rows(window), formats, chosen)


def _open_text(
    window: Window, formats: Sequence[Format], chosen: Format | None
) -> Reading:
    head = _ANSI.sub("", window.text)
    # what its lines begin with: labels, keys of YAML or JSON, the columns of a table
    columns = head.partition("\n")[0].strip().split(",")
    found = (label or key for label, key in _TEXT_LABEL.findall(head))
    labels = dict.fromkeys([*found, *columns])
    readers = [format for format in formats if format.unit == "text"]
    fits = find(readers, [labels])
    if not (chosen or fits):
        _refuse_bystander(bystander([labels]))
    format = chosen or next(iter(fits), None)
    if format is None:
        _unknown(readers, [labels], "text")
    lines = ((number, _printable(line)) for number, line in text_lines(window))
    return Reading(format, warned(of_value(format, lines, None, cut=False)), fits)


def _open_json(rows: Rows, formats: Sequence[Format], chosen: Format | None) -> Reading:
    sample = list(_sample(rows))
    records = [
        r for row in sample if isinstance(row, Row) for r in all_records(row.value)
    ]
    readers = [format for format in formats if format.unit != "text"]
    fits = () if chosen is None and look_alike(records) else find(readers, records)
    format = chosen or next(iter(fits), None)
    if format is None:
        _refuse_bystander(bystander(records))
        if not records:
            raise _nothing_usable(sample)
        _unknown(readers, records, "JSON")
    if format.name == "pacenote":
        _refuse_bad_text(sample)
    everything = chain(sample, rows)
    return Reading(format, warned(_episodes(format, everything)), fits)


def _refuse_bystander(what: str | None) -> None:
    if what is not None:
        raise NoTrajectory(f"this is {what}: no trajectory")


def _refuse_bad_text(sample: Sequence[Row | RowError]) -> None:
    """Our own format is never mended: where no row is sound, say so at once."""
    rows = [row for row in sample if isinstance(row, Row)]
    if rows and all(row.mended for row in rows):
        raise UnreadableFile(str(strictjson.BadText(None)), line=rows[0].line)


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


def _unknown(
    formats: Sequence[Format], records: Sequence[Record], what: str
) -> NoReturn:
    found = ", ".join(sorted(map(str, records[0]))[:12]) or "nothing that has a name"
    raise UnknownFormat(
        f"no reader knows this {what}. It has {found[:300]}. "
        f"Nearest: {nearest(formats, records)}{_inside(formats, records[0])}"
    )


def _inside(formats: Sequence[Format], record: Record) -> str:
    """What one of its lists would be, were it a file."""
    for key, value in islice(record.items(), _LOOK_INTO):
        rows = fields.records(value[:_LOOK_INTO]) if isinstance(value, list) else []
        if fits := find(formats, rows):
            return f". But what is in {str(key)[:80]!r} looks like {fits[0].title}"
    return ""


def _nothing_usable(sample: Sequence[Row | RowError]) -> UnreadableFile:
    for row in sample:
        if isinstance(row, RowError):
            return UnreadableFile(row.detail, line=row.line)
    if not sample:
        return NoTrajectory("this is an empty list: no trajectory")
    values = ", ".join(
        str(row.value)[:40] for row in sample[:3] if isinstance(row, Row)
    )
    return NoTrajectory(f"this is JSON without any object in it ({values}, …)")


def _episodes(format: Format, rows: Rows) -> Results:
    read = _of_file if format.unit == "file" else _of_rows
    return read(format, rows)


def _of_rows(format: Format, rows: Rows) -> Results:
    pairs = _pairs(rows)
    if format.history is None:
        held: Iterable[Held | RowError] = (
            pair if isinstance(pair, RowError) else Held(*pair, said=())
            for pair in pairs
        )
    else:
        held = longest(pairs, format.history)
    for one in held:
        if isinstance(one, RowError):
            yield one
            continue
        row = one.row
        results = of_value(format, one.record, row.line, row.truncated)
        results = _mended(results, format, row) if row.mended else results
        yield from _grown(results, one.shorter) if one.shorter else results


def _pairs(rows: Rows) -> Iterator[tuple[Record, Row] | RowError]:
    """Each record with its row."""
    for row in rows:
        if isinstance(row, RowError):
            yield row
        elif records := all_records(row.value):
            yield from ((record, row) for record in records)
        else:
            yield RowError(row.line, "expected a JSON object")


def _grown(results: Results, shorter: int) -> Results:
    sentence = f"{shorter} shorter records of this conversation were left out"
    for result in results:
        yield with_warning(result, sentence) if isinstance(result, Episode) else result


def _of_file(format: Format, rows: Rows) -> Results:
    """All objects of the file are one log; a row that is a list is a log of its own."""
    log: list[Record] = []
    size, cut = 0, False
    mended: Row | None = None
    for row in rows:
        if isinstance(row, RowError):
            cut = cut or row.truncated
            yield row
        elif (record := _record(row.value)) is not None:
            log.append(record)
            size += row.size
            mended = mended or (row if row.mended else None)
        elif records := all_records(row.value):
            results = of_value(format, records, row.line, row.truncated)
            yield from _mended(results, format, row) if row.mended else results
        else:
            yield RowError(row.line, "expected a JSON object")
        if size > MAX_ROW:
            raise UnreadableFile(f"one episode larger than {MAX_ROW >> 20} MB")
    if log:
        results = of_value(format, log, None, cut)
        yield from _mended(results, format, mended) if mended else results


def _mended(results: Results, format: Format, row: Row) -> Results:
    """What was read after bad characters were replaced. In our own format nothing is
    ever changed: there it is an error."""
    for result in results:
        if not isinstance(result, Episode):
            yield result
        elif format.name == "pacenote":
            yield RowError(row.line, str(strictjson.BadText(None)))
        else:
            yield with_warning(result, "NUL or half surrogates were replaced by U+FFFD")


def _record(value: Any) -> Record | None:
    """An object; some logs write it as a pair of its kind and the object itself, or of
    its kind and another such pair."""
    for _ in range(2):
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
            yield with_blobs(_marked(result, format, cut), blobs)
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
        result = with_warning(result, "the file is cut inside this episode")
    return replace(result, ended="truncated") if cut else result


def with_blobs(result: Episode | RowError, blobs: Blobs) -> Episode | RowError:
    """An episode with the blobs that it speaks of."""
    if not blobs or isinstance(result, RowError):
        return result
    kept, lost = beside(result, blobs)
    if lost:
        sentence = f"{lost} images or files are not kept: too many, or too large"
        result = with_warning(result, sentence)
    return replace(result, blobs=kept)


def warned(results: Results) -> Results:
    """Say so where an id is used twice: nothing is dropped, but nothing is unique."""
    seen: set[str] = set()
    for result in results:
        if not isinstance(result, Episode) or result.id not in seen:
            yield result
        else:
            yield with_warning(result, "another episode of this file has this id")
        if isinstance(result, Episode) and result.id:
            seen.add(result.id)


def with_member(results: Results, member: str) -> Results:
    """Results that say in which file of an archive something went wrong."""
    for result in results:
        if isinstance(result, RowError):
            yield replace(result, member=member)
        else:
            yield result


def with_warning(episode: Episode, sentence: str) -> Episode:
    warnings = [*fields.items(episode.meta.get("warnings")), sentence]
    return replace(episode, meta={**episode.meta, "warnings": warnings})


def _printable(line: str) -> str:
    """A line of a terminal's log: no colours, no NUL (which no database takes)."""
    return _ANSI.sub("", line).replace("\x00", "\ufffd").rstrip("\r")
