import json
from io import BytesIO

import pytest

from scoring.formats import read
from tests.scoring.formats.test_openai_chat import MESSAGES

ROW = {
    "example_id": 3,
    "prompt": MESSAGES[:1],
    "completion": MESSAGES[1:],
    "answer": "19",
    "reward": 0.5,
    "format_reward_func": 1.0,
}


def only(row):
    [episode] = read(BytesIO(json.dumps(row).encode()))
    return episode


def test_a_rollout_keeps_its_reward_and_every_reward_function():
    episode = only(ROW)
    assert (episode.outcome.score, episode.outcome.reference) == (0.5, "19")
    assert episode.meta["columns"]["format_reward_func"] == 1.0
    assert len(episode.steps) == 2


def test_rewards_of_turns_become_rewards_of_steps():
    turns = [{"reward": 0.25}, {"reward": None}]
    assert [s.reward for s in only({**ROW, "trajectory": turns}).steps] == [0.25, None]


@pytest.mark.parametrize(
    "column", [{"is_truncated": True}, {"stop_condition": "max_turns"}]
)
def test_a_rollout_out_of_turns_is_truncated(column):
    assert only({**ROW, **column}).ended == "truncated"


def test_a_base_models_text_is_one_step():
    episode = only({"prompt": "Two plus two is", "completion": " four", "reward": 1})
    assert (episode.task, episode.steps[0].text) == ("Two plus two is", " four")
