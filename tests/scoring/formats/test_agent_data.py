"""Data sets of runs: ToolBench, the Agent Data Protocol, AgentBench, web agents."""

import json
from io import BytesIO

import pytest

from scoring.errors import UnknownFormat
from scoring.formats import open_file, read
from scoring.schema import Outcome

CALLED = {"name": "atlas", "arguments": '{"of": "Algarve"}'}
PATH = [
    {"role": "user", "content": "Which capes?"},
    {"role": "assistant", "content": None, "function_call": CALLED},
    {"role": "function", "name": "atlas", "content": "two"},
    {"role": "assistant", "content": "Two capes."},
]
TOOLBENCH = {
    "win": True,
    "tree": {},
    "answer_generation": {
        "query": "Which capes?",
        "train_messages": [PATH[:2], PATH],
        "final_answer": '{"final_answer": "Two capes."}',
    },
}
ADP = {
    "id": "a1",
    "content": [
        {"class_": "text_observation", "source": "user", "content": "Open the map."},
        {"class_": "web_observation", "url": "http://map", "axtree": "[1] link 'Faro'"},
        {
            "class_": "api_action",
            "function": "click",
            "kwargs": {"id": 1},
            "description": "The link.",
            "reward": 0.5,
        },
        {"class_": "text_observation", "source": "environment", "content": "opened"},
        {"class_": "code_action", "language": "python", "content": "print(1)"},
        {"class_": "message_action", "content": "Done."},
    ],
    "details": {"score": 1.0},
}
WEBARENA = {
    "task_id": 4,
    "intent": "Open the map.",
    "trajectory": [
        {"url": "http://map", "axtree": "[1] link 'Faro'"},
        {
            "metadata": {"cot": "The link."},
            "action": {"action_name": "click", "element_id": "1", "text": []},
        },
        {"url": "http://map/faro", "axtree": ""},
        'stop("Faro")',
    ],
}
RATED = {
    "goal": "Open the map.",
    "agent": "a",
    "steps": [
        {"url": "http://map", "action": "click('1')", "reasoning": "The link."},
    ],
    "summary_info": {"cum_reward": 1.0, "truncated": True},
}
AGENT_BENCH = {
    "index": 7,
    "output": {
        "status": "task limit reached",
        "result": 0.25,
        "history": [
            {"role": "user", "content": "List files."},
            {"role": "agent", "content": "Think: look. Act: ls"},
        ],
    },
}


def opened(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    return reading.format.name, episode


def test_the_winning_path_of_a_search_is_read():
    format, episode = opened(TOOLBENCH)
    look, say = episode.steps
    assert (format, episode.task) == ("toolbench", "Which capes?")
    assert (look.calls[0].arguments, look.calls[0].result) == (
        {"of": "Algarve"},
        "two",
    )
    assert (say.text, episode.outcome.answer) == ("Two capes.", "Two capes.")


def test_actions_of_the_protocol_are_steps_and_observations_results():
    format, episode = opened(ADP)
    click, code, say = episode.steps
    assert (format, episode.id, episode.outcome.score) == ("adp", "a1", 1.0)
    assert click.observation == "http://map\n[1] link 'Faro'"
    assert (click.thought, click.reward) == ("The link.", 0.5)
    assert (click.calls[0].arguments, click.calls[0].result) == ({"id": 1}, "opened")
    assert (code.calls[0].name, code.calls[0].arguments) == ("python", "print(1)")
    assert (say.text, say.calls) == ("Done.", ())


def test_pages_are_observations_and_actions_calls():
    format, episode = opened(WEBARENA)
    click, stop = episode.steps
    assert (format, episode.id, episode.task) == ("webarena", "4", "Open the map.")
    assert (click.thought, click.calls[0].name) == ("The link.", "click")
    assert click.calls[0].arguments == {"element_id": "1"}
    assert (stop.observation, stop.calls[0].name) == ("http://map/faro", "stop")


def test_a_rated_run_has_its_reward_as_score():
    format, episode = opened(RATED)
    [click] = episode.steps
    assert (format, click.calls[0].arguments) == ("agent_reward_bench", "'1'")
    assert (episode.outcome, episode.ended) == (Outcome(score=1.0), "truncated")


def test_a_run_that_reached_a_limit_is_truncated():
    format, episode = opened(AGENT_BENCH)
    assert (format, episode.id, episode.ended) == ("agent_bench", "7", "truncated")
    assert episode.outcome.score == 0.25


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ("n_steps cum_reward err_msg", "AgentLab's summary"),
        ("trial_name task_id is_resolved", "Terminal-Bench's result of a trial"),
        ("n_resolved n_unresolved results", "Terminal-Bench's summary of a run"),
        ("run_id dataset_path agent_name", "Terminal-Bench's settings"),
        ("observation_space action_space env_spec", "Minari's metadata"),
    ],
)
def test_what_lies_beside_the_runs_is_named(columns, what):
    beside = json.dumps(dict.fromkeys(columns.split(), 1))
    with pytest.raises(UnknownFormat, match=what):
        read(BytesIO(beside.encode()))
