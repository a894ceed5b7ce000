"""OpenTelemetry traces: OTLP/JSON, the JavaScript SDK's dumps, Phoenix's exports, and
single spans that are nothing but their attributes.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import attributes, fields
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.spans import Span
from scoring.formats.times import iso, moment
from scoring.formats.traces import episodes
from scoring.schema import Episode

_VALUES = ("string", "int", "double", "bool", "bytes", "array", "kvlist")
_MAX_DEPTH = 20
_OK = ("", "OK", "UNSET", "STATUS_CODE_OK", "STATUS_CODE_UNSET")


def read(rows: Sequence[Record]) -> Iterator[Episode | RowError]:
    """The rows of a collector's file: an export request each."""
    spans = (
        span
        for row in rows
        for resource in _records(row, "resourceSpans", "resource_spans")
        for scope in _records(resource, "scopeSpans", "scope_spans")
        for span in _records(scope, "spans")
    )
    yield from episodes(_span(span, i) for i, span in enumerate(spans))


def read_spans(rows: Sequence[Record]) -> Iterator[Episode | RowError]:
    """Spans one by one, each with its attributes in an object."""
    yield from episodes(_span(_flat(row), i) for i, row in enumerate(rows))


def read_page(row: Record) -> Iterator[Episode | RowError]:
    """A page of Phoenix's REST interface."""
    spans = fields.records(row.get("data"))
    yield from episodes(_span(_flat(span), i) for i, span in enumerate(spans))


def read_bare(rows: Sequence[Record]) -> Iterator[Episode | RowError]:
    """Attributes without the span around them."""
    yield from episodes(_span({"attributes": r}, i) for i, r in enumerate(rows))


def _records(row: Record, *names: str) -> list[Record]:
    return [inner for name in names for inner in fields.records(row.get(name))]


def _flat(row: Record) -> Record:
    """A row of a table has columns `attributes.x`; Phoenix nests those that are the
    whole of a prefix."""
    prefix = "attributes."
    named = {
        k.removeprefix(prefix): v
        for k, v in row.items()
        if k.startswith(prefix) and v is not None
    }
    return {**row, "attributes": named} if named else row


def _span(row: Record, position: int) -> Span:
    said = (
        {"openinference.span.kind": row.get("span_kind")} if "span_kind" in row else {}
    )
    flat = {**said, **_attributes(row.get("attributes"))}
    context = fields.record(row.get("context") or row.get("spanContext"))
    ids = {**row, **context}
    above = fields.record(row.get("parentSpanContext"))
    started = _seconds(row, "startTimeUnixNano", "start_time_unix_nano", "startTime")
    ended = _seconds(row, "endTimeUnixNano", "end_time_unix_nano", "endTime")
    started_at = iso(started) or fields.string(row, "start_time") or None
    events = [
        {**event, "attributes": _attributes(event.get("attributes"))}
        for event in fields.records(row.get("events"))
    ]
    trace = fields.string(ids, "traceId", "trace_id", "context.trace_id")
    return Span(
        trace=fields.string(flat, "gen_ai.conversation.id") or trace,
        id=fields.string(ids, "spanId", "span_id", "context.span_id") or str(position),
        parent=fields.string(
            {**row, "above": above.get("spanId")},
            *("parentSpanId", "parent_span_id", "parent_id", "above"),
        ),
        at=started or moment(started_at),
        started_at=started_at,
        ended_at=iso(ended) or fields.string(row, "end_time") or None,
        error=_error(row),
        **attributes.of_span(flat, fields.string(row, "name"), events),
    )


def _attributes(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    return {
        fields.string(item, "key"): _value(item.get("value"))
        for item in fields.records(given)
    }


def _value(given: Any, depth: int = _MAX_DEPTH) -> Any:
    """A value of OTLP, which names its type: `{"intValue": "3"}`."""
    row = fields.record(given)
    found = [
        (what, row[key])
        for what in _VALUES
        for key in (f"{what}Value", f"{what}_value")
        if row.get(key) is not None
    ]
    if not found or not depth:
        return None
    what, value = found[0]
    inside = fields.records(fields.record(value).get("values"))
    if what == "array":
        return [_value(item, depth - 1) for item in inside]
    if what == "kvlist":
        return {
            fields.string(i, "key"): _value(i.get("value"), depth - 1) for i in inside
        }
    return value


def _seconds(row: Record, *names: str) -> float | None:
    """Nanoseconds, even as text, or JavaScript's [seconds, nanoseconds]."""
    value = next((row[name] for name in names if row.get(name)), None)
    if isinstance(value, list) and len(value) == 2:
        whole, nanos = (fields.number(part) for part in value)
        return None if whole is None or nanos is None else whole + nanos / 1e9
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        value = int(value)
    return value / 1e9 if isinstance(value, int) and 0 < value < 1e19 else None


def _error(row: Record) -> str:
    status = fields.record(row.get("status"))
    code = fields.string(status, "code") or fields.string(row, "status_code")
    said = fields.string(status, "message") or fields.string(row, "status_message")
    failed = code == "2" or (not code.isdecimal() and code.upper() not in _OK)
    return (said or "error") if failed else ""


OTLP = Format(
    name="otlp",
    title="OpenTelemetry traces (OTLP/JSON)",
    needs=(keys("resourceSpans"), keys("resource_spans")),
    read=read,
    unit="file",
)
OTEL_SPANS = Format(
    name="otel_spans",
    title="OpenTelemetry spans as objects, Phoenix spans as lines",
    needs=(
        keys("name", "spanContext", "attributes"),
        keys("name", "context", "attributes", "span_kind"),
        keys("context.trace_id", "span_kind"),
    ),
    read=read_spans,
    unit="file",
)
PHOENIX = Format(
    name="phoenix",
    title="pages of Phoenix's REST interface",
    needs=(keys("data", "next_cursor"),),
    accepts=lambda row: any(
        {"trace_id", "span_kind"} & span.keys() for span in fields.records(row["data"])
    ),
    read=read_page,
)
OTEL_ATTRIBUTES = Format(
    name="otel_attributes",
    title="attributes of single GenAI or OpenInference spans",
    needs=(keys("gen_ai.operation.name"), keys("openinference.span.kind")),
    read=read_bare,
    unit="file",
)
