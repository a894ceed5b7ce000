"""What a span's attributes say, whoever chose their names: OpenTelemetry's GenAI
conventions old and new, OpenLLMetry, Vercel's AI SDK, pydantic-ai, OpenInference.

Each convention has a name of its own for the same few things; the tables below list
them with the most telling first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.format import Record
from scoring.formats.spans import Kind
from scoring.formats.spoken import one_answer, spoken, tool_answer
from scoring.schema import Tokens

_MAX_DEPTH = 12
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("chat", "text_completion", "generate_content"), "model"),
    **dict.fromkeys(("completion", "llm"), "model"),
    **dict.fromkeys(("execute_tool", "tool", "retriever", "ai.toolcall"), "tool"),
    **dict.fromkeys(("invoke_agent", "agent"), "agent"),
    **dict.fromkeys(("embeddings", "embedding", "chain", "task", "workflow"), "other"),
}
_KIND = (
    *("openinference.span.kind", "gen_ai.operation.name", "traceloop.span.kind"),
    *("ai.operationId", "llm.request.type"),
)
_HEARD = (
    *("gen_ai.input.messages", "gen_ai.prompt", "llm.input_messages"),
    *("ai.prompt.messages", "ai.prompt", "traceloop.entity.input"),
    *("input.value", "input"),
)
_WRITTEN = (
    *("gen_ai.output.messages", "gen_ai.completion", "llm.output_messages"),
    *("ai.response.text", "ai.response.object", "traceloop.entity.output"),
    *("output.value", "output"),
)
_GIVEN = (
    *("gen_ai.tool.call.arguments", "tool_arguments", "ai.toolCall.args"),
    *("traceloop.entity.input", "input.value", "input", "gen_ai.input.messages"),
    *("ai.prompt", "pydantic_ai.all_messages"),
)
_GAVE = (
    *("gen_ai.tool.call.result", "tool_response", "ai.toolCall.result"),
    *("final_result", "traceloop.entity.output", "output.value", "output"),
)
_INPUTS = (
    *("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    *("llm.token_count.prompt", "ai.usage.promptTokens", "ai.usage.inputTokens"),
)
_OUTPUTS = (
    *("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    *("llm.token_count.completion", "ai.usage.completionTokens"),
    "ai.usage.outputTokens",
)
_CONTENT = (*_HEARD, *_WRITTEN, *_GIVEN, *_GAVE, "pydantic_ai.", "logfire.json_schema")
_MODEL = (
    *("gen_ai.response.model", "gen_ai.request.model", "llm.model_name"),
    *("ai.response.model", "ai.model.id"),
)
_AGENT = ("gen_ai.agent.name", "agent.name", "agent_name", "ai.telemetry.functionId")
_TOOL = ("gen_ai.tool.name", "tool.name", "ai.toolCall.name", "traceloop.entity.name")
_CALL_ID = ("gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id")


def kind(flat: Record, name: str) -> Kind:
    for key in _KIND:
        said = fields.string(flat, key).lower()
        if said in _KINDS:
            # smolagents logs its decisions as chains, its models often not at all
            is_step = name.startswith("Step ") and _KINDS[said] == "other"
            return "step" if is_step else _KINDS[said]
        if said.startswith(("ai.generate", "ai.stream")):
            return "model"
    written = any(
        key.startswith(("gen_ai.prompt", "gen_ai.completion")) for key in flat
    )
    return "model" if written or "gen_ai.output.messages" in flat else "other"


def of_span(flat: Record, name: str, events: Sequence[Record] = ()) -> dict[str, Any]:
    """The fields of a Span that its attributes and its events hold."""
    for event in events:
        flat = {**_told(fields.record(event.get("attributes"))), **flat}
    what = kind(flat, name)
    name = name.removesuffix(".run")
    gave, call_id = tool_answer(_first(flat, _GAVE))
    known = {
        "kind": what,
        "name": (what == "tool" and fields.string(flat, *_TOOL)) or name,
        "given": _arguments(fields.parsed(_first(flat, _GIVEN))),
        "gave": gave,
        "call_id": fields.string(flat, *_CALL_ID) or call_id,
        "model": fields.string(flat, *_MODEL),
        "tokens": _tokens(flat),
        "cost": fields.number(flat.get("llm.cost.total")),
        "agent": _agent(flat, name if what == "agent" else ""),
        "reason": _reason(flat),
        "rest": {k: v for k, v in flat.items() if not k.startswith(_CONTENT)},
    }
    if what == "model":
        known["heard"] = _heard(flat, events)
        known["answer"] = _answer(flat, events)
    return known


def _arguments(given: Any) -> Any:
    """A Python call's arguments, of which only the named ones have names."""
    row = fields.record(given)
    return (row["kwargs"] or row["args"]) if {"args", "kwargs"} <= row.keys() else given


def _told(event: Record) -> Record:
    return {k: v for k, v in event.items() if k.startswith("gen_ai.")}


def _first(flat: Record, names: Sequence[str]) -> Any:
    return next((flat[name] for name in names if flat.get(name)), None)


def _indexed(flat: Record, names: Sequence[str]) -> Any:
    """The first of these values; `a.0.b` and `a.1.b` are the list at `a`."""
    for name in names:
        if flat.get(name):
            return nested(flat[name])
        inside = {k[len(name) + 1 :]: flat[k] for k in flat if k.startswith(f"{name}.")}
        if any(k[:1].isdecimal() for k in inside):
            return nested(inside)
    return None


def nested(value: Any, depth: int = _MAX_DEPTH) -> Any:
    """`{"0.role": x}` as `[{"role": x}]`, inside lists as well."""
    if isinstance(value, list):
        return [nested(item, depth) for item in value]
    if not isinstance(value, dict) or depth == 0:
        return value
    groups: dict[str, Any] = {}
    for name, inner in value.items():
        head, _, tail = name.partition(".")
        if not tail:
            groups[head] = inner
        elif isinstance(below := groups.setdefault(head, {}), dict):
            groups[head] = {**below, tail: inner}
    found = {name: nested(inner, depth - 1) for name, inner in groups.items()}
    if found and all(name.isdecimal() and len(name) < 6 for name in found):
        return [found[name] for name in sorted(found, key=int)]
    return found


def _heard(flat: Record, events: Sequence[Record]) -> list[Record]:
    rules = spoken(flat.get("gen_ai.system_instructions"), "system")
    told = [m for event in events for m in _event(event, "message")]
    return [*rules, *(told or spoken(_indexed(flat, _HEARD)))]


def _answer(flat: Record, events: Sequence[Record]) -> Record | None:
    told = [m for event in events for m in _event(event, "choice")]
    said = told or spoken(_indexed(flat, _WRITTEN), "assistant")
    calls = spoken(flat.get("ai.response.toolCalls"), "assistant")
    thoughts = fields.string(flat, "ai.response.reasoning")
    answer = one_answer([*said, *calls])
    return {**answer, "reasoning": thoughts} if answer and thoughts else answer


def _event(event: Record, what: str) -> list[Record]:
    """A message logged as an event: `gen_ai.user.message`, `gen_ai.choice`."""
    names = fields.string(event, "name").split(".")
    if names[0] != "gen_ai" or names[-1] != what:
        return []
    row = nested(fields.record(event.get("attributes")))
    role = "assistant" if what == "choice" else names[1]
    return spoken(
        {"role": role, **fields.record(fields.parsed(row.get("message", row)))}
    )


def _agent(flat: Record, name: str) -> str:
    named = fields.string(flat, *_AGENT)
    node = fields.record(fields.parsed(flat.get("metadata"))).get("langgraph_node")
    return named or fields.text(node) or name


def _tokens(flat: Record) -> Tokens | None:
    read, written = (
        next((n for k in names if (n := _whole(flat.get(k))) is not None), None)
        for names in (_INPUTS, _OUTPUTS)
    )
    return None if read is written is None else Tokens(read, written)


def _whole(value: Any) -> int | None:
    """A count; OTLP writes 64-bit integers as text, tables all numbers."""
    digits = value.removesuffix(".0") if isinstance(value, str) else ""
    if digits.isdecimal() and len(digits) < 16:
        return int(digits)
    # tables with gaps hold whole numbers as fractions
    whole = isinstance(value, float) and value.is_integer()
    return fields.count(int(value) if whole else value)


def _reason(flat: Record) -> str:
    gave = flat.get("output.value")
    if isinstance(gave, str) and "state='max_steps_error'" in gave:
        return "max_steps_error"
    return fields.text(flat.get("gen_ai.response.finish_reasons"))
