import json
from io import BytesIO

import pytest

from scoring.formats import open_file
from scoring.schema import Tokens

HUMAN = {"content": "Weather?", "additional_kwargs": {}}
AI = {
    "content": "Looking.",
    "name": "scout",
    "tool_calls": [{"name": "weather", "args": {"city": "Faro"}, "id": "a"}],
    "usage_metadata": {"input_tokens": 5, "output_tokens": 2},
    "additional_kwargs": {"reasoning_content": "Ask.", "tool_calls": [{"id": "a"}]},
}
TOOL = {"content": "21", "tool_call_id": "a"}
SAID = [("human", HUMAN), ("ai", AI), ("tool", TOOL)]
DUMPS = [{"lc": 1, "type": "constructor", "kwargs": {**m, "type": t}} for t, m in SAID]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (DUMPS, "langchain"),
        ([{"type": t, "data": m} for t, m in SAID], "langchain"),
        ([{"type": t, **m} for t, m in SAID], "langchain"),
        (
            [
                {"values": {"messages": DUMPS[:n]}, "config": {}, "metadata": {}}
                for n in (3, 1)
            ],
            "langgraph",
        ),
    ],
)
def test_every_spelling_gives_the_same_step(value, name):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    [step] = episode.steps
    assert reading.format.name == name
    assert (episode.task, step.agent, step.text) == ("Weather?", "scout", "Looking.")
    assert (step.thought, step.tokens) == ("Ask.", Tokens(5, 2))
    [call] = step.calls
    assert (call.name, call.arguments, call.result) == (
        "weather",
        {"city": "Faro"},
        "21",
    )
