import json
from io import BytesIO

from scoring.formats import open_file
from scoring.schema import Tokens

HISTORY = [
    {
        "kind": "request",
        "instructions": "Be brief.",
        "parts": [{"part_kind": "user-prompt", "content": "Wind in Sagres?"}],
    },
    {
        "kind": "response",
        "model_name": "m",
        "usage": {"input_tokens": 6, "output_tokens": 2},
        "parts": [
            {"part_kind": "thinking", "content": "Measure."},
            {"part_kind": "tool-call", "tool_name": "wind", "args": '{"at": "Sagres"}'},
        ],
    },
    {
        "kind": "request",
        "parts": [
            {"part_kind": "retry-prompt", "tool_name": "wind", "content": "no sensor"}
        ],
    },
    {"kind": "response", "parts": [{"part_kind": "text", "content": "Unknown."}]},
]


def test_a_history_is_read_and_a_retry_is_an_error():
    reading = open_file(BytesIO(json.dumps(HISTORY).encode()))
    [episode] = reading.episodes
    look, say = episode.steps
    assert (reading.format.name, episode.model) == ("pydantic_ai", "m")
    assert (episode.task, episode.system) == ("Wind in Sagres?", "Be brief.")
    assert (look.thought, look.tokens) == ("Measure.", Tokens(6, 2))
    [call] = look.calls
    assert (call.arguments, call.result, call.is_error) == (
        {"at": "Sagres"},
        "no sensor",
        True,
    )
    assert say.text == "Unknown."
