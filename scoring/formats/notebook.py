"""Jupyter notebooks that print ReAct logs, as ReAct's authors publish them."""

from collections.abc import Iterator

from scoring.formats import fields, react
from scoring.formats.format import Format, Record, RowError, keys
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode | RowError]:
    for cell in fields.records(row.get("cells")):
        outputs = fields.records(cell.get("outputs"))
        printed = "".join(_printed(output) for output in outputs)
        yield from react.read(enumerate(printed.split("\n"), start=1))


def _printed(output: Record) -> str:
    text = output.get("text") if output.get("output_type") == "stream" else None
    return (
        text if isinstance(text, str) else "".join(map(fields.text, fields.items(text)))
    )


NOTEBOOK = Format(
    name="notebook",
    title="Jupyter notebooks with printed ReAct logs",
    needs=(keys("cells", "nbformat"),),
    read=read,
)
