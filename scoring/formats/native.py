"""`pacenote/episode@1`, the product's own format: see docs/episode-format.md."""

from collections.abc import Iterator
from dataclasses import replace

from scoring.formats.format import Format, Record, keys
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode]:
    # the discount belongs to the project that scores the run, not to the run
    yield replace(Episode.from_dict(row), gamma=None)


def _accepts(row: Record) -> bool:
    name = row.get("format")
    return isinstance(row["steps"], list) and (
        name is None or str(name).startswith("pacenote/")
    )


NATIVE = Format(
    name="pacenote",
    title="Pacenote episodes",
    needs=(keys("task", "steps"), keys("format", "steps")),
    accepts=_accepts,
    read=read,
)
