import json
from dataclasses import replace

import pytest

from scoring.errors import InvalidInput
from scoring.exports import EXPORTS, Labelled
from scoring.exports.propagation import POLICIES
from scoring.exports.text import completion
from scoring.schema import Call, Episode, Step

JUDGED = (1, -1, None, 1)
STEPS = tuple(Step(index=i, text=f"step {i}") for i in range(4))
EPISODE = Episode(task="Refund order 7", system="Be kind.", steps=STEPS)


def rows(verdicts, **options):
    lines = EXPORTS["trl_stepwise"]([Labelled(EPISODE, verdicts)], **options)
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("stop", (1, -1, None, None)),
        ("all_later", (1, -1, -1, -1)),
        ("until_corrected", (1, -1, -1, 1)),
    ],
)
def test_what_follows_the_first_error_is_a_policy(policy, expected):
    assert POLICIES[policy](JUDGED, 3) == expected


def test_an_error_that_nobody_repairs_spoils_the_rest():
    assert POLICIES["until_corrected"](JUDGED, None) == (1, -1, -1, -1)


def test_stop_ends_the_example_at_the_first_error():
    [row] = rows(JUDGED)
    assert row == {
        "prompt": "Be kind.\n\nRefund order 7",
        "completions": ["step 0", "step 1"],
        "labels": [True, False],
    }


def test_all_later_makes_the_rest_wrong():
    [row] = rows(JUDGED, policy="all_later")
    assert row["labels"] == [True, False, False, False]


def test_a_repaired_run_is_exported_to_its_end():
    row = Labelled(EPISODE, JUDGED, corrected_at=3)
    [line] = EXPORTS["trl_stepwise"]([row], policy="until_corrected")
    assert json.loads(line)["labels"] == [True, False, False, True]


def test_without_an_error_an_example_ends_at_the_first_unjudged_step():
    [row] = rows((1, 1, None, 1))
    assert row["labels"] == [True, True]


@pytest.mark.parametrize(("zero", "label"), [("right", True), ("wrong", False)])
def test_what_zero_counts_as_is_said_not_hidden(zero, label):
    [row] = rows((0, None, None, None), zero=zero)
    assert row["labels"] == [label]


def test_an_episode_nobody_began_to_judge_is_left_out():
    assert rows((None, 1, 1, -1)) == []


def test_an_unknown_policy_is_refused_by_name():
    with pytest.raises(InvalidInput, match="policy is one of stop, all_later"):
        rows(JUDGED, policy="hope")


@pytest.mark.parametrize("verdicts", [(1,), (1, 1, 1, 2)])
def test_labels_that_do_not_fit_the_episode_are_refused(verdicts):
    with pytest.raises(InvalidInput):
        Labelled(EPISODE, verdicts)


def test_a_step_reads_as_thought_words_and_calls():
    step = replace(
        STEPS[0],
        thought="Look it up.",
        calls=(Call("lookup", {"order": 7}, result="ok"),),
    )
    assert completion(step) == 'Look it up.\n\nstep 0\n\nlookup({"order": 7})'
