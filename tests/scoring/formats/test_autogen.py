import json
from io import BytesIO

import pytest

from scoring.errors import UnknownFormat
from scoring.formats import open_file, read
from scoring.schema import Outcome, Tokens

CALL = {"id": "a", "name": "count", "arguments": '{"what": "oars"}'}
RESULT = {"call_id": "a", "content": "four", "is_error": False}
THREAD = [
    {"source": "user", "type": "TextMessage", "content": "How many oars?"},
    {"source": "mate", "type": "ThoughtEvent", "content": "Count them."},
    {
        "source": "mate",
        "type": "ToolCallRequestEvent",
        "content": [CALL],
        "models_usage": {"prompt_tokens": 5, "completion_tokens": 3},
    },
    {"source": "mate", "type": "ToolCallExecutionEvent", "content": [RESULT]},
    {"source": "mate", "type": "ToolCallSummaryMessage", "content": "four"},
    {"source": "cox", "type": "TextMessage", "content": "Four it is."},
]
TASK_RESULT = {"messages": THREAD, "stop_reason": "max_turns reached"}
STATE = {
    "type": "TeamState",
    "agent_states": {"manager": {"message_thread": THREAD}, "mate": {}},
}
RECORDING = [
    {
        "mode": "create",
        "messages": [
            {"type": "SystemMessage", "content": "You row."},
            {"type": "UserMessage", "source": "User", "content": asked},
        ],
        "response": {"content": answer, "usage": {"prompt_tokens": 9}},
    }
    for asked, answer in (("Ready?", "Ready."), ("Go!", "Rowing."))
]
FAILURE = {
    "question": "Where is the boat?",
    "history": [
        {"role": "human", "content": "Where is the boat?"},
        {"role": "Orchestrator (thought)", "content": "Ask the web."},
        {"role": "Orchestrator (-> WebSurfer)", "content": "Search for it."},
        {"role": "WebSurfer", "content": "It sank."},
    ],
    "mistake_agent": "WebSurfer",
    "mistake_step": "3",
    "ground_truth": "In the shed",
    "is_correct": False,
}


def opened(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    return reading.format.name, list(reading.episodes)


@pytest.mark.parametrize(
    ("value", "name"), [(TASK_RESULT, "autogen"), (STATE, "autogen_state")]
)
def test_a_teams_thread_is_an_episode_of_its_agents(value, name):
    format, [episode] = opened(value)
    first, last = episode.steps
    assert (format, episode.task) == (name, "How many oars?")
    assert (first.agent, first.thought, first.tokens) == (
        "mate",
        "Count them.",
        Tokens(5, 3),
    )
    assert (first.calls[0].arguments, first.calls[0].result) == (
        {"what": "oars"},
        "four",
    )
    assert (last.agent, last.text) == ("cox", "Four it is.")


def test_the_reason_to_stop_tells_how_it_ended():
    _, [episode] = opened(TASK_RESULT)
    assert episode.ended == "truncated"


def test_recorded_calls_are_steps():
    _, [episode] = opened(RECORDING)
    assert (episode.task, episode.system) == ("Ready?", "You row.")
    first, last = episode.steps
    assert (first.text, first.observation) == ("Ready.", "")
    assert (last.text, last.observation, last.tokens) == (
        "Rowing.",
        "Go!",
        Tokens(9, None),
    )


def test_the_decisive_mistake_is_the_one_label():
    _, [episode] = opened(FAILURE)
    assert episode.meta["verdicts"] == [None, None, -1]
    assert [step.agent for step in episode.steps] == [
        "Orchestrator",
        "Orchestrator",
        "WebSurfer",
    ]
    assert episode.steps[0].thought == "Ask the web."
    assert episode.steps[1].text == "(to WebSurfer) Search for it."
    assert episode.outcome == Outcome(success=False, reference="In the shed")


def test_a_configuration_is_named():
    team = {"provider": "p", "component_type": "team", "config": {}}
    with pytest.raises(UnknownFormat, match="AutoGen's configuration"):
        read(BytesIO(json.dumps(team).encode()))
