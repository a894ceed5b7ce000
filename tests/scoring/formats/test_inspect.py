import json
from io import BytesIO

import pytest

from scoring.formats import read

SAMPLE = {
    "id": 3,
    "epoch": 2,
    "input": "2+2?",
    "target": "4",
    "attachments": {"abc": "Four."},
    "messages": [
        {"role": "user", "content": "2+2?"},
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "reasoning": "Add."},
                {"type": "text", "text": "attachment://abc"},
            ],
            "tool_calls": [
                {"id": "a", "function": "calculator", "arguments": {"x": 2}}
            ],
        },
        {"role": "tool", "tool_call_id": "a", "function": "calculator", "content": "4"},
    ],
    "scores": {"match": {"value": "C", "answer": "4"}},
}


def log(*samples):
    header = {"version": 2, "status": "success", "eval": {"task": "sums", "model": "m"}}
    return BytesIO(json.dumps({**header, "samples": samples}).encode())


def test_a_sample_and_its_epoch_are_an_episode():
    [episode] = read(log(SAMPLE))
    [step] = episode.steps
    assert (episode.id, episode.model, episode.agent) == ("3:2", "m", "sums")
    assert (step.thought, step.text) == ("Add.", "Four.")
    assert (step.calls[0].name, step.calls[0].result) == ("calculator", "4")


@pytest.mark.parametrize(
    ("value", "score"), [("C", 1.0), ("I", 0.0), (0.25, 0.25), (7, None), ("x", None)]
)
def test_the_first_scorers_grade_is_the_outcome(value, score):
    [episode] = read(log({**SAMPLE, "scores": {"s": {"value": value}}}))
    assert (episode.outcome.score, episode.outcome.reference) == (score, "4")


def test_a_sample_that_ran_into_a_limit_is_truncated():
    [episode] = read(log({**SAMPLE, "limit": {"type": "time"}}))
    assert episode.ended == "truncated"


def test_a_log_without_samples_has_no_episode_inside():
    [error] = read(log())
    assert error.detail == "no episode inside"
