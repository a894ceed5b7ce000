"""Langfuse traces: downloads of its page, traces of its interface, and exports of
observations as rows. Their content is that of whatever library wrote them.
"""

from collections.abc import Iterable, Iterator, Sequence

from scoring.formats import attributes, fields
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.outcomes import graded
from scoring.formats.spans import Span
from scoring.formats.spoken import tool_answer
from scoring.formats.times import moment
from scoring.formats.traces import episodes
from scoring.schema import Episode, Tokens

_KINDS = {"GENERATION": "LLM"}
_PLAIN = ("SPAN", "EVENT", "")


def read(row: Record) -> Iterator[Episode | RowError]:
    trace = fields.record(row.get("trace")) or row
    root = _root(trace)
    yield from episodes([root, *_spans(fields.records(row.get("observations")), root)])


def read_rows(rows: Sequence[Record]) -> Iterator[Episode | RowError]:
    """Observations of any traces, one a row."""
    yield from episodes(_spans(rows, None))


def _root(trace: Record) -> Span:
    """The trace itself; its observations may have several roots or none."""
    rated = [
        s for s in fields.records(trace.get("scores")) if not s.get("observationId")
    ]
    return Span(
        trace=fields.string(trace, "id") or "trace",
        id="",
        parent="",
        name=fields.string(trace, "name"),
        kind="other",
        given=fields.parsed(trace.get("input")),
        gave=fields.parsed(trace.get("output")),
        outcome=graded({fields.string(s, "name"): s.get("value") for s in rated}),
        rest=fields.without(trace, "input", "output", "observations"),
    )


def _spans(observations: Iterable[Record], root: Span | None) -> Iterator[Span]:
    for i, row in enumerate(observations):
        started = fields.string(row, "startTime")
        failed = row.get("level") == "ERROR"
        told = attributes.of_span(_attributes(row), fields.string(row, "name"))
        counts = _tokens(row)
        yield Span(
            trace=root.trace if root else fields.string(row, "traceId"),
            id=fields.string(row, "id") or str(i),
            parent=fields.string(row, "parentObservationId"),
            at=moment(started),
            started_at=started or None,
            ended_at=fields.string(row, "endTime") or None,
            error=(fields.string(row, "statusMessage") or "error") if failed else "",
            **{
                **told,
                "model": fields.string(row, "model") or told["model"],
                "tokens": counts or told["tokens"],
                "cost": fields.number(row.get("totalCost")) or told["cost"],
            },
        )


def _attributes(row: Record) -> Record:
    """What the library said, and what Langfuse made of it."""
    about = fields.record(fields.parsed(row.get("metadata")))
    given = fields.record(fields.parsed(about.get("attributes")))
    kind = fields.string(row, "type")
    said = {"openinference.span.kind": _KINDS.get(kind, kind)}
    if kind in _PLAIN:
        # LangChain's tools are spans like all others, but for what they give back
        said = {"openinference.span.kind": "TOOL"} if _is_tool(row) else {}
    known = {"metadata": about, "input": row.get("input"), "output": row.get("output")}
    return {**known, **given, **said}


def _is_tool(row: Record) -> bool:
    return tool_answer(row.get("output"))[1] != ""


def _tokens(row: Record) -> Tokens | None:
    usage = fields.record(fields.parsed(row.get("usageDetails", row.get("usage"))))
    return fields.tokens(
        {"input_tokens": usage.get("input"), "output_tokens": usage.get("output")}
    )


LANGFUSE = Format(
    name="langfuse",
    title="Langfuse traces",
    needs=(keys("trace", "observations"), keys("observations", "projectId")),
    read=read,
)
LANGFUSE_ROWS = Format(
    name="langfuse_observations",
    title="Langfuse observations as rows",
    needs=(keys("traceId", "type", "startTime", "parentObservationId"),),
    read=read_rows,
    unit="file",
)
