"""Labels that no person made: what they teach, and what the card says of them."""

from dataclasses import replace

import pytest

from scoring.prm import targets
from scoring.prm.examples import Example, data_hash, label_type
from scoring.prm.train import TrainConfig, train
from scoring.schema import Episode, Step
from tests.scoring.prm.stories import examples

STEPS = (Step(0, text="a"), Step(1, text="b"))
EXAMPLE = Example(Episode(task="x", steps=STEPS), (1, None), success=False)


def outcomes(example: Example) -> list[list[tuple[int, float]]]:
    return [list(targets.outcomes(example, t, 2)) for t in range(2)]


def test_an_estimate_teaches_both_outcomes_by_its_odds():
    rolled = replace(EXAMPLE, values=(0.75, None))
    assert outcomes(rolled) == [[(0, 0.125), (1, 0.375)], [(0, 0.5)]]


def test_a_sure_estimate_teaches_one():
    assert outcomes(replace(EXAMPLE, values=(1.0, 0.0))) == [[(1, 0.5)], [(0, 0.5)]]


def test_what_is_measured_rests_on_outcomes_alone():
    rolled = replace(EXAMPLE, values=(0.75, 1.0), split="test")
    assert outcomes(rolled) == outcomes(EXAMPLE) == [[(0, 0.5)], [(0, 0.5)]]


def test_a_model_of_rollouts_alone_is_a_value_model():
    rolled = [replace(e, provenance="rollout") for e in examples()]
    assert label_type(rolled) == "value"
    assert label_type([*rolled, *examples()]) == "correctness"
    assert label_type(examples()) == "correctness"


def test_the_card_names_label_type_and_provenance(trunk, tmp_path):
    rows = [
        replace(e, provenance="rollout", values=(0.5,) * len(e.verdicts))
        for e in examples(12)
    ]
    config = TrainConfig(epochs=10, rank=8)
    card = train(rows, trunk, config, tmp_path, lambda progress: None).card
    assert card["label_type"] == "value"
    assert card["provenance"] == {"rollout": 12}


def test_who_judged_and_how_sure_is_part_of_the_data():
    one = [EXAMPLE]
    for other in ({"provenance": "judge"}, {"values": (0.5, 0.5)}):
        assert data_hash([replace(EXAMPLE, **other)]) != data_hash(one)


@pytest.mark.parametrize("values", [(0.5,), (0.5, 1.5), (float("nan"), 0.5)])
def test_values_that_are_no_probabilities_are_refused(values):
    with pytest.raises(ValueError, match=r"values|probabilities"):
        replace(EXAMPLE, values=values)
