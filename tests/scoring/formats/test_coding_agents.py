import json
from io import BytesIO

import pytest

from scoring.formats import open_file
from scoring.schema import Tokens

CALL = {"type": "tool_use", "id": "c", "name": "ls", "input": {"at": "/"}}
RESULT = {"type": "tool_result", "tool_use_id": "c", "content": "no", "is_error": True}
SAID = [
    {"role": "user", "content": [{"type": "text", "text": "List files."}]},
    {"role": "assistant", "content": [{"type": "thinking", "thinking": "Look."}]},
    {"role": "assistant", "content": [CALL]},
    {"role": "user", "content": [RESULT]},
    {"role": "assistant", "content": "Not allowed."},
]
DROID = [
    {"type": "session_start", "id": "s"},
    *({"type": "message", "message": message} for message in SAID),
]
CURSOR = [{"role": m["role"], "message": {"content": m["content"]}} for m in SAID]
PI = [
    {"type": "session", "id": "s"},
    {"type": "model_change", "modelId": "m"},
    {"type": "message", "message": SAID[0]},
    {
        "type": "message",
        "message": {
            "role": "assistant",
            "usage": {"input": 4, "output": 2},
            "content": [
                {"type": "thinking", "thinking": "Look."},
                {"type": "toolCall", "id": "c", "name": "ls", "arguments": {"at": "/"}},
            ],
        },
    },
    {
        "type": "message",
        "message": {
            "role": "toolResult",
            "toolCallId": "c",
            "content": [{"type": "text", "text": "no"}],
            "isError": True,
        },
    },
    {"type": "message", "message": SAID[-1]},
]
GROK = [
    {"type": "user", "content": "List files.", "prompt_index": 0},
    {
        "type": "assistant",
        "content": "",
        "tool_calls": [{"id": "c", "name": "ls", "arguments": '{"at": "/"}'}],
        "model_id": "g",
    },
    {"type": "tool_result", "tool_call_id": "c", "content": "no"},
    {"type": "assistant", "content": "Not allowed.", "model_id": "g"},
]
OPENCODE = {
    "info": {"id": "s"},
    "messages": [
        {
            "info": {"role": "user"},
            "parts": [{"type": "text", "text": "List files."}],
        },
        {
            "info": {"role": "assistant", "tokens": {"input": 4, "output": 2}},
            "parts": [
                {"type": "reasoning", "text": "Look."},
                {
                    "type": "tool",
                    "callID": "c",
                    "tool": "ls",
                    "state": {
                        "input": {"at": "/"},
                        "status": "error",
                        "error": "no",
                    },
                },
            ],
        },
    ],
}


def opened(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    return reading.format.name, episode


@pytest.mark.parametrize("rows", [DROID, CURSOR, PI], ids=["droid", "cursor", "pi"])
def test_what_is_said_between_two_results_is_a_step(rows):
    format, episode = opened(rows)
    look, say = episode.steps
    assert (format, episode.task) == ("coding_agents", "List files.")
    assert (look.thought, say.text) == ("Look.", "Not allowed.")
    [call] = look.calls
    assert (call.name, call.arguments, call.result, call.is_error) == (
        "ls",
        {"at": "/"},
        "no",
        True,
    )


def test_the_model_and_its_tokens_are_kept():
    _, episode = opened(PI)
    assert (episode.id, episode.model) == ("s", "m")
    assert episode.steps[0].tokens == Tokens(4, 2)


def test_groks_history_is_read():
    format, episode = opened(GROK)
    assert (format, episode.model) == ("grok", "g")
    assert [step.text for step in episode.steps] == ["", "Not allowed."]
    assert episode.steps[0].calls[0].result == "no"


def test_opencodes_parts_are_one_step():
    format, episode = opened(OPENCODE)
    [step] = episode.steps
    assert (format, episode.id, step.thought) == ("opencode", "s", "Look.")
    assert (step.calls[0].result, step.calls[0].is_error) == ("no", True)
    assert step.tokens == Tokens(4, 2)
