import json
from io import BytesIO

import pytest

from scoring.formats import open_file
from scoring.schema import Tokens

HEADER = {"sessionId": "s", "projectHash": "p"}
RESPONSE = {"functionResponse": {"name": "ls", "response": {"output": "a.txt"}}}
MESSAGES = [
    {"id": "1", "type": "user", "content": [{"text": "List files."}]},
    {"id": "2", "type": "gemini", "content": "draft"},
    {
        "id": "2",
        "type": "gemini",
        "content": "Here.",
        "model": "g",
        "thoughts": [{"subject": "Plan", "description": "look"}],
        "tokens": {"input": 9, "output": 4},
        "toolCalls": [{"name": "ls", "args": {}, "result": [RESPONSE]}],
    },
]
SESSION = {**HEADER, "messages": MESSAGES}
LINES = "\n".join(json.dumps(row) for row in (HEADER, *MESSAGES))


@pytest.mark.parametrize("text", [json.dumps(SESSION), LINES], ids=["object", "lines"])
def test_a_session_is_read_in_both_carriers(text):
    reading = open_file(BytesIO(text.encode()))
    [episode] = reading.episodes
    [step] = episode.steps
    assert (reading.format.name, episode.id, episode.model) == ("gemini_cli", "s", "g")
    assert (episode.task, step.text, step.thought) == (
        "List files.",
        "Here.",
        "Plan: look",
    )
    assert step.tokens == Tokens(9, 4)
    assert step.calls[0].result == "a.txt"
