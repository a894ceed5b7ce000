"""Items of the OpenAI Responses API: bare lists, responses, NeMo Gym rollouts, and the
Agents SDK's saved run states.

The API writes one decision as several items. The run of items between two results is
one step; a new reasoning item begins another.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by, outcome_of
from scoring.schema import Call, Episode

_RESULTS = ("_output", "_result", "_response")
_SPOKEN = ("input_text", "output_text")


def take(turn: Turn, item: Record, agent: str = "") -> None:
    """Take in one item of the model, of a tool, or of a user."""
    kind = fields.string(item, "type") or "message"
    if agent != turn.agent or (kind == "reasoning" and (turn.words or turn.calls)):
        turn.end()
        turn.agent = agent
    if kind == "reasoning":
        turn.thoughts.append(_thought(item))
    elif kind == "message":
        _message(turn, item)
    elif kind.endswith("_call"):
        turn.calls.append(call(item))
    elif kind.endswith(_RESULTS):
        turn.end()
        turn.talk.result(
            fields.text(item.get("output", item.get("result"))),
            fields.string(item, "call_id", "id"),
        )
    else:
        turn.talk.warn(f"items of the unknown type {kind[:40]!r} were left out")


def _message(turn: Turn, item: Record) -> None:
    words, role = fields.text(item.get("content")), item.get("role")
    if role == "assistant":
        turn.words.append(words)
        return
    turn.end()
    (turn.talk.system if role in ("system", "developer") else turn.talk.user)(words)


def hear(talk: Conversation, items: Iterable[Record]) -> None:
    turn = Turn(talk)
    for item in items:
        take(turn, item)
    turn.end()


def call(item: Record) -> Call:
    """A call item; a hosted tool has no name but its type, and its result inside."""
    row = fields.call(item)
    result = item.get("output", item.get("results"))
    return Call(
        name=fields.string(item, "name") or str(item.get("type")).removesuffix("_call"),
        arguments=item.get("action", row.arguments),
        id=fields.string(item, "call_id", "id") or None,
        result=None if result is None else fields.text(result),
        is_error=bool(item.get("error")),
    )


def _thought(item: Record) -> str:
    parts = [*fields.items(item.get("summary")), *fields.items(item.get("content"))]
    return fields.text(parts) or "[hidden reasoning]"


def read_bare(items: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation()
    hear(talk, items)
    yield talk.episode()


def read(row: Record) -> Iterator[Episode]:
    """A response with its request, as NeMo Gym logs them, or with `input` beside it."""
    response = fields.record(row.get("response")) or row
    request = fields.record(row.get("responses_create_params")) or row
    talk = Conversation(ended=ended_by(response.get("incomplete_details")))
    talk.system(fields.string(request, "instructions"))
    hear(talk, [*_input(request.get("input")), *fields.records(response.get("output"))])
    if row.get("truncated") is True:
        talk.ended = "truncated"
    patch = fields.string(row, "model_patch")
    if patch and not len(talk):
        talk.step(patch)
        talk.warn("the log holds no answers, only the patch that the run ended with")
    columns = {
        **fields.without(row, "input", "output", "responses_create_params", "response"),
        "request": fields.without(request, "input", "output"),
        "response": fields.without(response, "input", "output"),
    }
    yield talk.episode(
        id=fields.string(response, "id"),
        model=fields.string(response, "model"),
        columns=columns,
        outcome=outcome_of(row, talk),
    )


def _input(value: Any) -> list[Record]:
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    return fields.records(value)


def read_run_state(row: Record) -> Iterator[Episode]:
    talk = Conversation()
    asked = _input(row.get("original_input"))
    hear(talk, asked)
    turn = Turn(talk)
    # of a nested run, what it began with is among its own items, too
    known = {fields.string(item, "id") for item in asked} - {""}
    for item in fields.records(row.get("generated_items") or row.get("session_items")):
        agent = fields.string(fields.record(item.get("agent")), "name")
        raw = fields.record(item.get("raw_item"))
        if fields.string(raw, "id") not in known:
            take(turn, raw, agent)
    turn.end()
    talk.task = talk.task or NO_TASK
    yield talk.episode(
        agent=fields.string(fields.record(row.get("current_agent")), "name"),
        columns=fields.without(
            row, "original_input", "generated_items", "session_items"
        ),
    )


def read_stream(rows: Sequence[Record]) -> Iterator[Episode]:
    """The last event holds the whole response; a stream that was cut, its items."""
    sent = [fields.record(row.get("response")) for row in rows]
    whole = next((r for r in reversed(sent) if fields.items(r.get("output"))), None)
    if whole is not None:
        yield from read({"input": NO_TASK, **whole})
        return
    talk = Conversation(task=NO_TASK, ended="truncated")
    done = [row for row in rows if row.get("type") == "response.output_item.done"]
    hear(talk, [fields.record(row.get("item")) for row in done])
    models = (fields.string(response, "model") for response in sent)
    yield talk.episode(model=next(filter(None, models), ""))


def _is_stream(row: Record) -> bool:
    return str(row["type"]).startswith("response.")


def _is_item(row: Record) -> bool:
    if row.get("type") == "message":
        parts = fields.records(row.get("content"))
        return any(part.get("type") in _SPOKEN for part in parts)
    return ("call_id" in row and "type" in row) or "summary" in row


RESPONSES = Format(
    name="openai_responses",
    title="OpenAI Responses with their input",
    needs=(
        keys("responses_create_params", "response"),
        keys("input", "output", "object"),
    ),
    read=read,
)
RESPONSES_ITEMS = Format(
    name="openai_items",
    title="a bare list of OpenAI Responses items",
    needs=(keys("type", "content"), keys("type", "call_id"), keys("type", "summary")),
    accepts=_is_item,
    read=read_bare,
    unit="file",
)
RUN_STATE = Format(
    name="openai_run_state",
    title="OpenAI Agents SDK run states",
    needs=(keys("$schemaVersion", "original_input"),),
    read=read_run_state,
)
RESPONSES_STREAM = Format(
    name="responses_stream",
    title="streams of OpenAI Responses events",
    needs=(keys("type", "response"), keys("type", "item"), keys("type", "delta")),
    accepts=_is_stream,
    read=read_stream,
    unit="file",
)
