import csv
import json
from io import BytesIO, StringIO

import pytest

from scoring.formats import open_file, read
from scoring.schema import Tokens

ASKED = [{"role": "user", "parts": [{"type": "text", "content": "Tide in Faro?"}]}]
CALL = {"type": "tool_call", "id": "a", "name": "tide", "arguments": {"city": "Faro"}}
LOOKING = [{"role": "assistant", "parts": [CALL]}]
SAID = [{"role": "assistant", "parts": [{"type": "text", "content": "It is high."}]}]
RESULT = {"type": "tool_call_response", "id": "a", "result": "3.1 m"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


def span(name, id, parent, at, attributes, **more):
    values = [
        {"key": key, "value": {"stringValue": value}}
        for key, value in attributes.items()
    ]
    start = str((10**9 + at) * 10**9)
    ids = {"traceId": "t", "spanId": id, "parentSpanId": parent, "name": name}
    return {**ids, "startTimeUnixNano": start, "attributes": values, **more}


def chat(id, parent, at, heard, written):
    said = {
        "gen_ai.input.messages": json.dumps(heard),
        "gen_ai.output.messages": json.dumps(written),
        "gen_ai.usage.input_tokens": "7",
    }
    return span("chat m", id, parent, at, {**CHAT, **said})


def tool(id, parent, at, gave, **more):
    named = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "tide"}
    called = {"gen_ai.tool.call.id": "a", "gen_ai.tool.call.result": gave}
    return span("execute_tool tide", id, parent, at, {**named, **called}, **more)


def agent(id, parent, at, name):
    said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
    return span(f"invoke_agent {name}", id, parent, at, said)


HISTORY = [*ASKED, *LOOKING, {"role": "user", "parts": [RESULT]}]
# children are written before their parents
SPANS = [
    tool("s2", "s0", 2, "3.1 m"),
    chat("s1", "s0", 1, ASKED, LOOKING),
    chat("s3", "s0", 3, HISTORY, SAID),
    agent("s0", "", 0, "harbour"),
]


def exported(*spans):
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def episodes(value):
    return list(read(BytesIO(json.dumps(value).encode())))


def test_a_model_call_and_its_tools_are_a_step():
    [episode] = episodes(exported(*SPANS))
    assert (episode.id, episode.agent, episode.model) == ("t", "harbour", "m")
    assert episode.task == "Tide in Faro?"
    first, last = episode.steps
    assert (first.calls[0].arguments, first.calls[0].result) == (
        {"city": "Faro"},
        "3.1 m",
    )
    assert (first.tokens, first.started_at) == (
        Tokens(7, None),
        "2001-09-09T01:46:41+00:00",
    )
    assert (last.text, last.observation, last.calls) == ("It is high.", "", ())


def test_spans_on_several_lines_are_one_trace():
    lines = "\n".join(json.dumps(exported(span)) for span in SPANS)
    [episode] = read(BytesIO(lines.encode()))
    assert len(episode.steps) == 2


def test_a_tool_that_failed_is_an_error():
    failed = tool("s2", "s0", 2, "", status={"code": 2, "message": "no such port"})
    [episode] = episodes(exported(SPANS[1], failed, *SPANS[2:]))
    [call] = episode.steps[0].calls
    assert (call.result, call.is_error) == ("no such port", True)


def test_an_agent_that_a_tool_called_is_an_episode_of_its_own():
    helper = [agent("s4", "s2", 4, "gauge"), chat("s5", "s4", 5, ASKED, SAID)]
    main, called = episodes(exported(*SPANS, *helper))
    assert (len(main.steps), len(called.steps)) == (2, 1)
    assert (called.agent, called.id) == ("gauge", "t/s4")
    assert called.meta["columns"]["parent"] == main.id
    assert called.meta["columns"]["parent_call"] == "s2"


def test_a_trace_without_its_root_says_so():
    [episode] = episodes(exported(*SPANS[:3]))
    assert episode.meta["warnings"] == ["the trace's root span is missing"]


def test_a_trace_without_a_model_is_an_error_and_the_rest_goes_on():
    other = {**span("GET /", "x", "", 0, {}), "traceId": "web"}
    error, episode = episodes(exported(other, *SPANS))
    assert error.detail == "trace 'web': no call of a model or a tool inside"
    assert len(episode.steps) == 2


def test_spans_without_content_come_in_as_such():
    [episode] = episodes(exported(span("chat m", "s1", "", 1, CHAT)))
    assert episode.steps[0].text == "(the trace does not hold what the model said)"


OLD = {
    "llm.request.type": "chat",
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "Tide in Faro?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "It is high.",
}
VERCEL = {
    "ai.operationId": "ai.generateText.doGenerate",
    "ai.prompt.messages": '[{"role": "user", "content": "Tide in Faro?"}]',
    "ai.response.text": "It is high.",
}
OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "Tide in Faro?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.contents.0.message_content.text": "It is high.",
}
JSON_TEXT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.prompt": json.dumps(ASKED),
    "gen_ai.completion": '{"text": "It is high."}',
}


@pytest.mark.parametrize("said", [OLD, VERCEL, OPENINFERENCE, JSON_TEXT])
def test_every_convention_gives_the_same_step(said):
    [episode] = episodes(exported(span("call", "s1", "", 1, said)))
    assert (episode.task, episode.steps[0].text) == ("Tide in Faro?", "It is high.")


def test_messages_logged_as_events_are_read():
    def event(name, **said):
        values = [{"key": k, "value": {"stringValue": v}} for k, v in said.items()]
        return {"name": name, "attributes": values}

    events = [
        event("gen_ai.user.message", content="Tide in Faro?"),
        event("gen_ai.choice", message='{"content": "It is high."}'),
    ]
    [episode] = episodes(exported(span("chat", "s1", "", 1, CHAT, events=events)))
    assert (episode.task, episode.steps[0].text) == ("Tide in Faro?", "It is high.")


ROW = {
    "name": "call",
    "context.trace_id": "t",
    "context.span_id": "s1",
    "span_kind": "LLM",
    "start_time": "2026-01-05T08:00:00Z",
    "attributes.llm.input_messages": [
        {"message.role": "user", "message.content": "Tide in Faro?"}
    ],
    "attributes.llm.output_messages": [
        {"message.role": "assistant", "message.content": "It is high."}
    ],
    "attributes.llm.token_count.prompt": 9.0,
}
PAGE = {
    "data": [
        {
            "name": "call",
            "context": {"trace_id": "t", "span_id": "s1"},
            "span_kind": "LLM",
            "attributes": OPENINFERENCE,
        }
    ],
    "next_cursor": None,
}
JS_SPAN = {
    "name": "call",
    "spanContext": {"traceId": "t", "spanId": "s1"},
    "startTime": [1_700_000_000, 5],
    "attributes": VERCEL,
}


CELLS = {
    **{name: str(value) for name, value in ROW.items()},
    "attributes.openinference.span.kind": "LLM",
    "attributes.llm.output_messages": str(
        [{"message.role": "assistant", "message.content": "It's\nhigh."}]
    ),
}
_PAGE = StringIO()
csv.writer(_PAGE).writerows([CELLS.keys(), CELLS.values()])
TABLE = _PAGE.getvalue()


def test_a_table_holds_python_objects_as_text():
    reading = open_file(BytesIO(TABLE.encode()))
    [episode] = reading.episodes
    [step] = episode.steps
    assert reading.format.name == "phoenix_table"
    assert (episode.task, step.text) == ("Tide in Faro?", "It's\nhigh.")
    assert step.tokens == Tokens(9, None)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (ROW, "otel_spans"),
        ([JS_SPAN], "otel_spans"),
        (PAGE, "phoenix"),
        (OPENINFERENCE, "otel_attributes"),
    ],
)
def test_every_carrier_is_known(value, name):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    assert reading.format.name == name
    assert (episode.task, episode.steps[0].text) == ("Tide in Faro?", "It is high.")
