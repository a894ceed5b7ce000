"""LangSmith runs: dumps of the SDK, nested trees, bodies of the batch interface, and
logs of operations, where a run is created by one row and completed by another.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.outcomes import graded
from scoring.formats.spans import Kind, Span
from scoring.formats.spoken import one_answer, spoken, tool_answer
from scoring.formats.times import iso, moment
from scoring.formats.traces import episodes
from scoring.schema import Episode, Outcome, Tokens

_KINDS: dict[str, Kind] = {"llm": "model", "tool": "tool", "retriever": "tool"}
_MAX_DEPTH = 60
_TIMES = ("start_time", "end_time")


def read(rows: Sequence[Record]) -> Iterator[Episode | RowError]:
    """Rows that are runs, their trees, updates of them, or batches of all these."""
    runs: dict[str, dict[str, Any]] = {}
    for row in rows:
        batch = [*fields.records(row.get("post")), *fields.records(row.get("patch"))]
        for run in batch or _tree(row):
            known = {name: value for name, value in run.items() if value is not None}
            runs.setdefault(_id(run), {}).update(known)
    # the dotted order of a run is that of its time, its ancestors' before it
    ordered = sorted(runs.items(), key=lambda item: _order(item[1]))
    yield from episodes(_span(id, run) for id, run in ordered)


def _tree(run: Record, depth: int = _MAX_DEPTH) -> Iterator[Record]:
    yield run
    for child in fields.records(run.get("child_runs")) if depth else []:
        yield from _tree({"parent_run_id": run.get("id"), **child}, depth - 1)


def _order(run: Record) -> str:
    return fields.string(run, "dotted_order")


def _ancestors(run: Record) -> list[str]:
    """The ids in a dotted order, `<time>Z<id>.<time>Z<id>`, the root's first."""
    return [part.partition("Z")[2] for part in _order(run).split(".")]


def _id(run: Record) -> str:
    return fields.string(run, "id") or _ancestors(run)[-1]


def _span(id: str, run: Record) -> Span:
    about = fields.record(fields.record(run.get("extra")).get("metadata"))
    kind = _KINDS.get(fields.string(run, "run_type"), "other")
    started, ended = (_time(run.get(name)) for name in _TIMES)
    given, gave = run.get("inputs"), run.get("outputs")
    written, call_id = tool_answer(gave)
    above = _ancestors(run)
    return Span(
        trace=fields.string(run, "trace_id") or above[0] or id,
        id=id,
        parent=fields.string(run, "parent_run_id") or "".join(above[-2:-1]),
        name=fields.string(run, "name") or "unnamed",
        kind=kind,
        at=moment(started),
        heard=spoken(given) if kind == "model" else (),
        answer=one_answer(spoken(gave, "assistant")) if kind == "model" else None,
        given=given,
        gave=written,
        call_id=call_id,
        agent=fields.string(about, "langgraph_node") if kind == "model" else "",
        model=fields.string(about, "ls_model_name"),
        tokens=_tokens(run, fields.record(gave)),
        cost=fields.number(run.get("total_cost")),
        started_at=started,
        ended_at=ended,
        error=fields.string(run, "error"),
        outcome=_outcome(run),
        rest=fields.without(run, "inputs", "outputs", "events", "child_runs"),
    )


def _time(value: Any) -> str | None:
    """ISO 8601, or a batch's milliseconds."""
    number = fields.number(value)
    return iso(number / 1000) if number is not None else fields.text(value) or None


def _tokens(run: Record, gave: Record) -> Tokens | None:
    about = fields.record(gave.get("llm_output"))
    usages = (run, gave.get("usage_metadata"), gave.get("usage"))
    counts = (fields.tokens(u) for u in (*usages, about.get("token_usage")))
    return next((tokens for tokens in counts if tokens), None)


def _outcome(run: Record) -> Outcome:
    """The mean of a feedback that is an outcome."""
    stats = fields.record(run.get("feedback_stats"))
    return graded(
        {name: fields.record(stat).get("avg") for name, stat in stats.items()}
    )


LANGSMITH = Format(
    name="langsmith",
    title="LangSmith runs",
    needs=(keys("run_type", "inputs"), keys("dotted_order"), keys("post", "patch")),
    read=read,
    unit="file",
)
