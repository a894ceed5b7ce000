"""Data sets with step labels keep them as verdicts."""

import json
from io import BytesIO

import pytest

from scoring.exports import EXPORTS, Labelled
from scoring.formats import RowError, read


def only(row):
    [result] = read(BytesIO(json.dumps(row).encode()))
    return result


def rated(text, rating):
    return {"text": text, "rating": rating}


PRM800K = {
    "labeler": "x",
    "question": {"problem": "2+2?"},
    "label": {
        "steps": [
            {
                "completions": [rated("Add.", 1), rated("Guess.", -1)],
                "chosen_completion": 0,
            },
            {
                "completions": [rated("Hm.", -1)],
                "human_completion": rated("Carefully.", None),
                "chosen_completion": None,
            },
            {"completions": [rated("Five.", -1)], "chosen_completion": None},
            {"completions": [rated("a", 0), rated("b", 0)], "chosen_completion": None},
        ]
    },
}


def test_the_chosen_chain_of_prm800k_is_read_with_its_ratings():
    episode = only(PRM800K)
    assert [step.text for step in episode.steps] == ["Add.", "Carefully.", "Five."]
    assert episode.meta["verdicts"] == [1, None, -1]
    assert episode.meta["columns"]["label"] == PRM800K["label"]


def test_math_shepherds_signs_stand_at_the_place_of_its_tags():
    solution = "2+2? Step 1: 2 - 1 = 1 {}\nStep 2: So 4. The answer is: 4 {}"
    row = {"input": solution.format("ки", "ки"), "label": solution.format("-", "+")}
    episode = only({**row, "task": "GSM8K"})
    assert episode.task == "2+2?"
    assert [step.text for step in episode.steps] == [
        "Step 1: 2 - 1 = 1",
        "Step 2: So 4. The answer is: 4",
    ]
    assert episode.meta["verdicts"] == [-1, 1]


def test_stepwise_supervision_survives_the_way_out_and_in():
    row = {"prompt": "2+2?", "completions": ["Add.", "Five."], "labels": [True, False]}
    episode = only(row)
    labelled = Labelled(episode, tuple(episode.meta["verdicts"]))
    assert json.loads(*EXPORTS["trl_stepwise"]([labelled])) == row


PROCESSBENCH = {
    "id": "gsm8k-7",
    "generator": "some-model",
    "problem": "2+2?",
    "steps": ["Add.", "Five.", "So 5."],
    "final_answer_correct": False,
    "label": 1,
}


def test_processbench_names_the_first_wrong_step_and_judges_none_after_it():
    episode = only(PROCESSBENCH)
    assert episode.task == "2+2?"
    assert [step.text for step in episode.steps] == ["Add.", "Five.", "So 5."]
    assert episode.meta["verdicts"] == [1, -1, None]
    assert episode.outcome.success is False
    columns = {"id": "gsm8k-7", "generator": "some-model", "label": 1}
    assert columns.items() <= episode.meta["columns"].items()


def test_a_solution_of_processbench_without_a_wrong_step_is_right_throughout():
    episode = only({**PROCESSBENCH, "label": -1, "final_answer_correct": True})
    assert episode.meta["verdicts"] == [1, 1, 1]
    assert episode.outcome.success is True


@pytest.mark.parametrize("label", [3, -2, "1", True, None, 1.0])
def test_a_wrong_step_that_is_not_there_is_refused(label):
    error = only({**PROCESSBENCH, "label": label})
    assert isinstance(error, RowError)
    assert error.detail == "expected the first wrong of 3 steps, or -1"


def test_labels_that_do_not_fit_their_steps_are_refused():
    error = only({"prompt": "2+2?", "completions": ["Add."], "labels": []})
    assert isinstance(error, RowError)
    assert error.detail == "1 completions but 0 labels"


def test_the_reference_answer_of_prm800k_is_kept():
    question = {"problem": "2+2?", "ground_truth_answer": "4"}
    assert only({**PRM800K, "question": question}).outcome.reference == "4"
