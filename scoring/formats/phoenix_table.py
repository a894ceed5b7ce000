"""Phoenix's span tables as CSV, whose cells are Python objects printed as text."""

import csv
from collections.abc import Iterator
from typing import Any

from scoring.errors import UnreadableFile
from scoring.formats import fields
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.otlp import read_spans
from scoring.formats.python_text import literal
from scoring.formats.rows import MAX_ROW
from scoring.schema import Episode

# a cell holds all that a model read; by default they end at 131,072 characters
csv.field_size_limit(MAX_ROW)


def read(lines: Iterator[tuple[int, str]]) -> Iterator[Episode | RowError]:
    yield from read_spans(list(_rows(lines)))


def _rows(lines: Iterator[tuple[int, str]]) -> Iterator[Record]:
    size = 0
    table = csv.DictReader(f"{line}\n" for _, line in lines)
    try:
        for row in table:
            size += sum(len(cell) for cell in row.values() if isinstance(cell, str))
            if size > MAX_ROW:
                raise UnreadableFile(f"a table larger than {MAX_ROW >> 20} MB")
            yield {
                name: _value(cell)
                for name, cell in row.items()
                if isinstance(name, str) and isinstance(cell, str) and cell
            }
    except csv.Error as error:
        raise UnreadableFile(f"not a table: {error}", line=table.line_num) from None


def _value(cell: str) -> Any:
    if cell[0] not in "[{":
        return cell
    value = fields.parsed(cell)
    return cell if value is not cell else literal(cell) or cell


PHOENIX_TABLE = Format(
    name="phoenix_table",
    title="Phoenix's span tables as CSV",
    needs=(
        keys("context.trace_id", "span_kind", "attributes.openinference.span.kind"),
    ),
    read=read,
    unit="text",
)
