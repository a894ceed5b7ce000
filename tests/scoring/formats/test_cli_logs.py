"""Logs of coding CLIs and of their relays, each with its own spelling of a step."""

import json
from io import BytesIO

import pytest

from scoring.formats import open_file
from scoring.schema import Tokens


def copilot(kind, **data):
    return {"type": kind, "data": data, "timestamp": "2026-01-01T00:00:00Z", "id": kind}


def kimi(**event):
    return {
        "type": "context.append_loop_event",
        "event": event,
        "time": 1_784_950_605_097,
    }


def droid(kind, **more):
    return {"type": kind, "session_id": "s", "timestamp": "t", "model": "d", **more}


def letta(kind, **more):
    return {"kind": kind, "captured_at": "2026-01-01T00:00:00Z", **more}


def scope(category, when, uuid, **data):
    about = {"atof_version": "0.1", "kind": "scope", "name": "ls", "uuid": uuid}
    return {**about, "category": category, "scope_category": when, "data": data}


def managed(kind, **more):
    return ["stream", {"type": kind, "id": kind, "processed_at": "t", **more}]


COPILOT = [
    copilot("session.start", sessionId="s", selectedModel="m"),
    copilot("user.message", content="List files."),
    copilot(
        "assistant.message",
        content="",
        reasoningText="Look.",
        toolRequests=[{"toolCallId": "c", "name": "ls", "arguments": {"at": "/"}}],
        outputTokens=3,
    ),
    copilot(
        "tool.execution_complete",
        toolCallId="c",
        success=False,
        error={"message": "no"},
    ),
    copilot("assistant.message", content="Not allowed.", toolRequests=[]),
]
KIMI = [
    {"type": "metadata", "protocol_version": "1.4", "time": 1},
    {"type": "config.update", "modelAlias": "m", "systemPrompt": "Help.", "time": 2},
    {
        "type": "context.append_message",
        "message": {
            "role": "user",
            "content": [{"type": "text", "text": "List files."}],
        },
        "time": 3,
    },
    kimi(type="step.begin", uuid="u"),
    kimi(type="content.part", part={"type": "think", "think": "Look."}),
    kimi(type="tool.call", toolCallId="c", name="ls", args={"at": "/"}),
    kimi(type="tool.result", toolCallId="c", result={"output": "no", "isError": True}),
    kimi(type="step.end", usage={"inputOther": 2, "inputCacheRead": 3, "output": 1}),
    kimi(type="step.begin", uuid="v"),
    kimi(type="content.part", part={"type": "text", "text": "Not allowed."}),
    kimi(type="step.end", usage={"inputOther": 2, "output": 1}),
]
DROID = [
    droid("system", id="0"),
    droid("message", role="user", text="List files."),
    droid("tool_call", toolCallId="c", toolName="ls", parameters={"at": "/"}),
    droid("tool_result", toolCallId="c", error="no"),
    droid("completion", finalText="Not allowed."),
]
LETTA_CODE = [
    letta("user", text="List files."),
    letta("reasoning", text="Look."),
    letta(
        "tool_call", name="ls", argsText='{"at": "/"}', resultText="no", resultOk=False
    ),
    letta("assistant", text="Not allowed."),
]
ATOF = [
    scope("agent", "start", "a"),
    scope("llm", "start", "l", messages=[{"role": "user", "content": "List files."}]),
    scope("llm", "end", "l", assistant_message="Look."),
    scope("tool", "start", "c", arguments={"at": "/"}),
    {**scope("tool", "end", "c", stdout="no"), "metadata": {"status": "failed"}},
    scope("llm", "start", "k"),
    scope("llm", "end", "k", assistant_message={"content": "Not allowed."}),
]
MANAGED = [
    [
        "create",
        {"agent": {"name": "a", "system": "Help.", "model": {"id": "m"}}, "id": "s"},
    ],
    ["send", ["s", {"events": [{"type": "user.message", "content": "List files."}]}]],
    managed("user.message", content=[{"type": "text", "text": "List files."}]),
    managed("agent.thinking"),
    managed("agent.tool_use", name="ls", input={"at": "/"}),
    managed(
        "span.model_request_end", model_usage={"input_tokens": 4, "output_tokens": 2}
    ),
    managed(
        "agent.tool_result", tool_use_id="agent.tool_use", content="no", is_error=True
    ),
    managed("agent.message", content=[{"type": "text", "text": "Not allowed."}]),
]
TELEMETRY = [
    {"type": "message.in", "content": "List files."},
    {"type": "agent.start", "sessionKey": "k", "agentId": "a", "prompt": "List files."},
    {
        "type": "tool.start",
        "sessionKey": "k",
        "agentId": "a",
        "toolName": "ls",
        "params": {"at": "/"},
    },
    {
        "type": "agent.start",
        "sessionKey": "k:subagent:1",
        "agentId": "a",
        "prompt": "Help.",
    },
    {
        "type": "tool.start",
        "sessionKey": "k:subagent:1",
        "agentId": "a",
        "toolName": "cat",
        "params": {},
    },
]
LOGS = {
    "copilot": COPILOT,
    "kimi": KIMI,
    "droid": DROID,
    "letta_code": LETTA_CODE,
    "atof": ATOF,
    "anthropic_sessions": MANAGED,
}


def read_rows(rows):
    text = "\n".join(json.dumps(row) for row in rows)
    reading = open_file(BytesIO(text.encode()))
    return reading.format.name, list(reading.episodes)


@pytest.mark.parametrize("name", LOGS)
def test_a_session_is_its_steps_with_their_results(name):
    format, [episode] = read_rows(LOGS[name])
    first, last = episode.steps
    [call] = first.calls
    assert (format, episode.task) == (name, "List files.")
    assert (call.name, call.arguments, call.result) == ("ls", {"at": "/"}, "no")
    assert call.is_error
    assert (last.text, last.observation) == ("Not allowed.", "")


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("copilot", Tokens(None, 3)),
        ("kimi", Tokens(5, 1)),
        ("anthropic_sessions", Tokens(4, 2)),
    ],
)
def test_tokens_are_those_of_the_step(name, tokens):
    _, [episode] = read_rows(LOGS[name])
    assert episode.steps[0].tokens == tokens


def test_what_a_model_thought_is_a_thought():
    thoughts = {
        name: read_rows(rows)[1][0].steps[0].thought for name, rows in LOGS.items()
    }
    assert thoughts == {
        "copilot": "Look.",
        "kimi": "Look.",
        "droid": "",
        "letta_code": "Look.",
        "atof": "",
        "anthropic_sessions": "[hidden reasoning]",
    }


def test_a_cancelled_turn_truncates_the_run():
    _, [episode] = read_rows([*KIMI, {"type": "turn.cancel", "time": 9}])
    assert episode.ended == "truncated"


def test_each_agent_of_kimi_is_an_episode():
    other = [{**row, "agentId": "agent-2"} for row in KIMI[2:]]
    _, episodes = read_rows([*KIMI, *other])
    assert [episode.id for episode in episodes] == ["", "agent-2"]


def test_a_sub_agent_of_openclaw_knows_its_parent():
    name, [main, sub] = read_rows(TELEMETRY)
    assert (name, main.id, main.task) == ("openclaw_telemetry", "k", "List files.")
    assert sub.meta["columns"] == {"parent": "k"}
    assert sub.steps[0].calls[0].name == "cat"


def test_openclaws_longest_conversation_is_the_run():
    said = [
        {"role": "user", "content": "List files."},
        {"role": "assistant", "content": "None."},
    ]
    longer = {**TELEMETRY[1], "messages": said}
    _, [main, _] = read_rows([*TELEMETRY, longer])
    assert [step.text for step in main.steps] == ["None."]
