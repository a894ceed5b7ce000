import json
from io import BytesIO

import pytest

from scoring.formats import open_file
from scoring.schema import Tokens


def event(author, *parts, **more):
    role = "user" if author == "user" else "model"
    return {"author": author, "content": {"role": role, "parts": list(parts)}, **more}


CALL = {"name": "moor", "args": {"at": "pier"}, "id": "c"}
GAVE = {"name": "moor", "response": {"ok": True}, "id": "c"}


def session(call, response, usage):
    return {
        "id": "s",
        "events": [
            event("user", {"text": "Moor the boat."}),
            event(
                "skipper", {"text": "Slowly.", "thought": True}, {call: CALL}, **usage
            ),
            event("skipper", {response: GAVE}),
            event("mate", {"text": "Moored."}, timestamp=1_700_000_000.0),
        ],
    }


SESSION = session(
    "function_call",
    "function_response",
    {"usage_metadata": {"prompt_token_count": 8, "candidates_token_count": 2}},
)
WEB = session(
    "functionCall",
    "functionResponse",
    {"usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 2}},
)
CASES = {
    "eval_cases": [
        {
            "eval_id": "e",
            "conversation": [
                {
                    "user_content": {"parts": [{"text": "Moor the boat."}]},
                    "intermediate_data": {"tool_uses": [CALL]},
                    "final_response": {"parts": [{"text": "Moored."}]},
                }
            ],
        },
    ]
}


def opened(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    return reading.format.name, list(reading.episodes)


@pytest.mark.parametrize("value", [SESSION, WEB], ids=["python", "web"])
def test_a_session_is_read_in_both_spellings(value):
    format, [episode] = opened(value)
    first, last = episode.steps
    assert (format, episode.id, episode.task) == ("google_adk", "s", "Moor the boat.")
    assert (first.agent, first.thought, first.tokens) == (
        "skipper",
        "Slowly.",
        Tokens(8, 2),
    )
    assert (first.calls[0].name, first.calls[0].result) == ("moor", '{"ok": true}')
    assert (last.agent, last.text, last.started_at) == (
        "mate",
        "Moored.",
        "2023-11-14T22:13:20+00:00",
    )


def test_each_case_of_an_evaluation_set_is_an_episode():
    cases = [*CASES["eval_cases"], {"eval_id": "empty", "conversation": []}]
    format, [episode, empty] = opened({"eval_cases": cases})
    assert (format, episode.id) == ("google_adk_cases", "e")
    assert [step.text for step in episode.steps] == ["", "Moored."]
    assert episode.steps[0].calls[0].arguments == {"at": "pier"}
    assert empty.pointer == "/eval_cases/1"
