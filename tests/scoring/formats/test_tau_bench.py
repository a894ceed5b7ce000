import json
from io import BytesIO

from scoring.formats import RowError, open_file, read
from tests.scoring.formats.test_openai_chat import MESSAGES

RUN = {"task_id": 4, "trial": 1, "reward": 1.0, "info": {"cost": 2}, "traj": MESSAGES}
OWN_TOOL = {"role": "tool", "id": "u", "requestor": "user", "content": "bars: 4"}
SIMULATION = {
    "id": "s1",
    "task_id": "4",
    "termination_reason": "max_steps",
    "messages": [*MESSAGES, OWN_TOOL, {"role": "assistant", "content": "Good."}],
    "reward_info": {"reward": 0.0},
}


def results(value):
    return list(read(BytesIO(json.dumps(value).encode())))


def test_a_run_keeps_its_reward_and_trial():
    [episode] = results([RUN])
    assert (episode.id, episode.outcome.score, len(episode.steps)) == ("4:1", 1.0, 2)
    assert episode.meta["columns"]["info"] == {"cost": 2}


def test_each_simulation_is_an_episode():
    info = {"agent_info": {"llm": "m-1"}}
    file = {"info": info, "tasks": [], "simulations": [SIMULATION, {"messages": []}]}
    episode, error = results(file)
    assert (episode.model, episode.ended, episode.outcome.score) == (
        "m-1",
        "truncated",
        0,
    )
    assert isinstance(error, RowError)
    assert error.pointer == "/simulations/1"


def test_what_a_users_own_tool_says_is_observed():
    [episode] = results(SIMULATION)
    assert episode.steps[-1].observation == "[user's tool] bars: 4"


def test_a_simulation_alone_is_told_from_chat():
    stream = BytesIO(json.dumps(SIMULATION).encode())
    assert open_file(stream).format.name == "tau2_simulation"
