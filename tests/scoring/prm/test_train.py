import json
import random
from dataclasses import replace
from itertools import pairwise

import pytest

from scoring.errors import Cancelled, InvalidInput, NotEnoughLabels
from scoring.prm.train import Example, Progress, TrainConfig, Trained, train
from scoring.schema import Episode, Step
from tests.scoring.prm.stories import examples

CONFIG = TrainConfig(epochs=12, rank=16)


def quiet(progress: Progress) -> None:
    pass


@pytest.fixture(scope="module")
def trained(trunk, tmp_path_factory) -> Trained:
    return train(examples(), trunk, CONFIG, tmp_path_factory.mktemp("prm"), quiet)


def test_a_model_beats_every_trivial_baseline_on_tasks_it_never_saw(trained):
    table = dict(trained.card["metrics"]["steps"])
    table.pop("bag_of_words")  # here one word decides, and it can read
    ours = table.pop("prm")["auroc"]
    assert ours > 0.9
    assert all(ours > row["auroc"] for row in table.values())


def test_the_card_names_what_the_model_was_made_of(trained, trunk):
    card = trained.card
    assert card["backbone"]["sha256"] == trunk.sha256
    assert card["config"] == CONFIG.to_dict()
    assert card["data"]["counts"]["test"]["tasks"] == 5
    assert set(card["heads"]) == {"verdict", "value"}
    assert json.loads((trained.directory / "card.json").read_text()) == json.loads(
        json.dumps(card)
    )


def test_the_same_seed_and_data_give_the_same_weights(trunk, trained, tmp_path):
    again = train(examples(), trunk, CONFIG, tmp_path, quiet)
    assert again.sha256 == trained.sha256
    other = train(examples(), trunk, replace(CONFIG, seed=1), tmp_path, quiet)
    assert other.sha256 != trained.sha256


def test_runs_longer_than_the_context_are_learnt_from_in_windows(trunk, tmp_path):
    config = replace(CONFIG, max_tokens=62)
    card = train(examples(), trunk, config, tmp_path, quiet).card
    rows = card["metrics"]["steps"]
    assert {row["unscored"] for row in rows.values()} == {0}
    assert rows["prm"]["auroc"] > 0.9


def test_progress_counts_up_in_every_phase(trunk, tmp_path):
    told: list[Progress] = []
    train(examples(12), trunk, CONFIG, tmp_path, told.append)
    phases = list(dict.fromkeys(progress.phase for progress in told))
    assert phases == ["features", "heads", "calibration", "evaluation"]
    for phase in phases:
        rows = [progress for progress in told if progress.phase == phase]
        assert [row.done for row in rows] == sorted(row.done for row in rows)
        assert rows[-1].done == rows[-1].total


def test_the_loss_of_a_head_only_falls(trunk, tmp_path):
    told: list[Progress] = []
    train(examples(12), trunk, CONFIG, tmp_path, told.append)
    losses = [row.loss for row in told if row.loss is not None]
    rises = sum(later > loss for loss, later in pairwise(losses))
    assert len(losses) > 10
    assert rises == 1  # where the second head's story begins


def test_a_value_that_knows_nothing_is_dropped_and_the_card_says_so(trunk, tmp_path):
    chance = random.Random(0)
    rows = [replace(row, success=chance.random() < 0.5) for row in examples()]
    trained = train(rows, trunk, CONFIG, tmp_path, quiet)
    about = trained.card["heads"]["value"]
    assert not about["kept"]
    assert about["held_out_loss"] >= about["base_rate_loss"]
    assert trained.card["metrics"]["value"]["steps"] == 0


def test_a_cancelled_training_goes_on_where_it_was(trunk, trained, tmp_path):
    def stop(progress: Progress) -> None:
        if progress.phase == "heads" and progress.done > 5 * CONFIG.epochs:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        train(examples(), trunk, CONFIG, tmp_path, stop)
    told: list[Progress] = []
    resumed = train(examples(), trunk, CONFIG, tmp_path, told.append)
    assert resumed.sha256 == trained.sha256
    epochs = [progress.epoch for progress in told if progress.phase == "heads"]
    # five descents were found finished: the queries of four folds, and a head
    assert epochs[:5] == [CONFIG.epochs] * 5


def masked(example: Example) -> Example:
    return replace(example, verdicts=(None,) * len(example.verdicts))


def test_a_split_nobody_judged_is_named(trunk, tmp_path):
    rows = [masked(e) if e.split == "test" else e for e in examples()]
    with pytest.raises(NotEnoughLabels, match="the test split has no judged step"):
        train(rows, trunk, CONFIG, tmp_path, quiet)


def test_a_class_nobody_used_is_named(trunk, tmp_path):
    rows = [
        replace(e, verdicts=tuple(v and abs(v) for v in e.verdicts)) for e in examples()
    ]
    with pytest.raises(NotEnoughLabels, match="wrong"):
        train(rows, trunk, CONFIG, tmp_path, quiet)


@pytest.mark.parametrize(
    "rows", [[], [masked(e) for e in examples()]], ids=["nothing", "all skipped"]
)
def test_nothing_to_learn_from_is_said(rows, trunk, tmp_path):
    with pytest.raises(NotEnoughLabels, match="no judged step"):
        train(rows, trunk, CONFIG, tmp_path, quiet)
    assert not any(tmp_path.iterdir())


def test_runs_of_one_step_and_runs_given_twice_are_trained_on(trunk, tmp_path):
    rows = [
        replace(e, episode=replace(e.episode, steps=e.episode.steps[:1]), verdicts=(v,))
        for e in examples(24)
        for v in e.verdicts[:1]
    ]
    card = train([*rows, *rows], trunk, CONFIG, tmp_path, quiet).card
    assert card["data"]["counts"]["train"]["episodes"] % 2 == 0
    assert card["metrics"]["steps"]["prm"]["steps"] % 2 == 0


def test_a_run_of_two_thousand_steps_is_trained_on(trunk, tmp_path):
    steps = tuple(Step(t, text=f"{t % 7}") for t in range(2_000))
    long = Example(Episode(task="Task 0", steps=steps), (1, *[None] * 1_999))
    config = replace(CONFIG, epochs=2, rank=4)
    trained = train([*examples(), long], trunk, config, tmp_path, quiet)
    assert trained.card["data"]["counts"]["train"]["unjudged"] == 1_999


def test_masked_steps_and_unknown_outcomes_are_left_out(trunk, tmp_path):
    rows = examples() + [masked(e) for e in examples(6, seed=5)]
    rows = [replace(row, success=None) for row in rows]
    card = train(rows, trunk, CONFIG, tmp_path, quiet).card
    assert set(card["heads"]) == {"verdict"}
    assert card["metrics"]["value"]["steps"] == 0
    assert card["metrics"]["steps"]["prm"]["auroc"] > 0.9


def test_two_judged_tasks_are_enough_to_train(trunk, tmp_path):
    steps = (Step(0, text="good"), Step(1, text="bad"))
    rows = [
        Example(Episode(task=f"Task {i}", steps=steps), (1, -1), split=split)
        for i, split in enumerate(["train", "train", "calibration", "test"])
    ]
    assert train(rows, trunk, CONFIG, tmp_path, quiet).directory.is_dir()


@pytest.mark.parametrize(
    "data", [{"tier": "huge"}, {"epochs": 0}, {"rank": "16"}, {"unheard": 1}]
)
def test_a_config_that_promises_nothing_is_refused_with_a_pointer(data):
    with pytest.raises(InvalidInput) as refused:
        TrainConfig.from_dict(data)
    assert refused.value.pointer == f"/{next(iter(data))}"


def test_a_config_survives_json():
    config = TrainConfig(epochs=7)
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
