"""FireAct result files (arXiv:2310.05915): ReAct runs as chat messages, by question.

`{"<question id>": {"traj": [{role, content}], "reward", "em", "f1", "gt", "pred"}}`
"""

from collections.abc import Iterator

from scoring.errors import InvalidInput
from scoring.formats import fields
from scoring.formats.format import Format, Record, RowError
from scoring.formats.outcomes import outcome_of
from scoring.formats.react import converse
from scoring.formats.react_log import Block
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode | RowError]:
    for name, run in row.items():
        try:
            yield _episode(name, fields.record(run))
        except InvalidInput as error:
            yield RowError(None, error.detail, pointer=f"/{name}")


def _episode(name: str, run: Record) -> Episode:
    block = Block(line=0)
    for i, message in enumerate(fields.records(run.get("traj"))):
        text = fields.text(message.get("content"))
        for line in (text if i else f"Question: {text}").split("\n"):
            block.add(line)
    talk, _ = converse(block.close())
    return talk.episode(
        id=name,
        columns=fields.without(run, "traj"),
        outcome=outcome_of(run, talk),
    )


def _holds_runs(row: Record) -> bool:
    some = list(row.values())[:3]
    return bool(some) and all(
        {"traj", "reward"} <= fields.record(r).keys() for r in some
    )


FIREACT = Format(
    name="fireact",
    title="FireAct runs",
    needs=(frozenset(),),
    accepts=_holds_runs,
    read=read,
)
