import json
from io import BytesIO

import pytest

from scoring.formats import open_file

GAME = [
    {"from": "human", "value": "You play in a house.", "loss": None},
    {"from": "gpt", "value": "OK. I'll follow your instructions.", "loss": False},
    {"from": "human", "value": "Put a mug on the desk."},
    {"from": "gpt", "value": "THOUGHT: Where is it?\nACTION: look", "loss": True},
    {"from": "human", "value": "You see a mug."},
    {"from": "gpt", "value": "Think: There.\n\nAct: finish", "loss": True},
]


def only(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    return reading.format.name, episode


def test_what_is_only_acknowledged_is_the_system_prompt():
    name, episode = only({"id": "alfworld_12", "conversations": GAME})
    assert (name, episode.task) == ("agent_instruct", "Put a mug on the desk.")
    assert episode.system.startswith("You play in a house.")
    assert [step.thought for step in episode.steps] == ["Where is it?", "There."]
    assert episode.steps[1].observation == "You see a mug."


def test_a_worked_example_before_the_problem_is_no_step():
    asked = {"role": "user", "content": "Now, I will start a new problem. Count b."}
    answer = {"role": "assistant", "content": "Act: answer(2)"}
    example = [
        {"role": "user", "content": "My problem is: count a."},
        {"role": "assistant", "content": "Act: answer(1)"},
    ]
    _, episode = only({"id": "os_1", "conversations": [*example, asked, answer]})
    assert (episode.task, len(episode.steps)) == (asked["content"], 1)


@pytest.mark.parametrize("key", ["conversations", "conversation"])
def test_function_calls_and_observations_are_steps_and_results(key):
    said = [
        {"from": "system", "value": "Be kind."},
        {"from": "human", "value": "Area of 2 by 3?"},
        {"from": "function_call", "value": '{"name": "area", "arguments": {"a": 2}}'},
        {"from": "observation", "value": '{"area": 6}'},
        {"from": "gpt", "value": "Six."},
    ]
    name, episode = only({key: said})
    call, words = episode.steps
    assert (name, episode.system) == ("sharegpt", "Be kind.")
    assert (call.calls[0].name, call.calls[0].result) == ("area", '{"area": 6}')
    assert words.text == "Six."
