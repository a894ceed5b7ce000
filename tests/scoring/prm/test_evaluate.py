from dataclasses import replace

import pytest
import torch

from scoring.prm import baselines, calibrate, evaluate
from scoring.prm.examples import SPLITS, Example, data_hash, split
from scoring.schema import VERDICTS, Episode, Prediction, Step
from tests.scoring.prm.stories import examples


def oracle(example: Example, blind: int | None = None) -> Prediction:
    """Knows every verdict, but for the step it is blind to."""
    rows = [
        None if t == blind else tuple(0.8 if v == verdict else 0.1 for v in VERDICTS)
        for t, verdict in enumerate(example.verdicts)
    ]
    q = tuple(row and 1 - row[0] for row in rows)
    return Prediction(q, q, tuple(rows), q)


def table(rows: list[Example], blind: int | None = None) -> dict:
    parts = {name: [e for e in rows if e.split == name] for name in SPLITS}
    predictions = {
        name: [oracle(e, blind) for e in part] for name, part in parts.items()
    }
    return evaluate.table(parts, predictions)


def test_a_perfect_model_and_the_baselines_stand_in_one_table():
    rows = table(examples())
    assert list(rows) == ["prm", *baselines.NAMES]
    assert rows["prm"]["auroc"] == rows["prm"]["accuracy"] == 1
    assert rows["prm"]["first_error_accuracy"] == 1
    assert rows["always_right"]["auroc"] == 0.5
    assert rows["bag_of_words"]["auroc"] > 0.9
    assert len({row["steps"] for row in rows.values()}) == 1


def test_steps_without_a_score_are_left_out_of_every_row_and_counted():
    rows, seen = table(examples(), blind=0), table(examples())
    tested = sum(e.split == "test" for e in examples())
    assert {row["unscored"] for row in rows.values()} == {tested}
    assert rows["length"]["steps"] == seen["length"]["steps"] - tested


def test_a_baseline_reads_nothing_after_its_step():
    train = [e for e in examples() if e.split == "train"]
    long = next(e for e in examples() if len(e.verdicts) > 1)
    first = replace(long.episode, steps=long.episode.steps[:1])
    short = Example(first, long.verdicts[:1])
    whole, part = (baselines.predict(train, [e]) for e in (long, short))
    for name in baselines.NAMES:
        assert whole[name][0][0] == pytest.approx(part[name][0][0])


def test_temperature_undoes_overconfidence():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 1, 3, generator=generator)
    chances = torch.softmax(logits[:, 0], dim=-1)
    target = torch.multinomial(chances, 1, generator=generator)[:, 0]
    half = (logits[:2000] * 4, target[:2000]), (logits[2000:] * 4, target[2000:])
    assert calibrate.temperature(half) == pytest.approx(4, rel=0.1)
    assert calibrate.temperature([calibrate.NOTHING]) == 1


def test_the_threshold_is_the_quantile_that_finds_first_errors_best():
    q = [[0.9, 0.8], [0.9, 0.3], [0.2, 0.9]]
    found = calibrate.threshold([-1, 1, 0], q)
    assert 0.3 < found <= 0.8
    assert calibrate.threshold([-1, -1], q[:2]) is None
    assert calibrate.threshold([], []) is None


def test_a_first_error_is_called_where_that_is_likelier_than_none():
    likeliest = [(0, -2.0), (1, 1.0), (2, 0.5)]
    assert calibrate.called(likeliest, 0) == [-1, 1, 2]
    assert calibrate.called(likeliest, 0.7) == [-1, 1, -1]
    # all found already, so nothing speaks for another limit than an honest q's
    assert calibrate.odds([-1, 1, 2], likeliest, "accuracy") == 0
    assert calibrate.odds([-1, -1, -1], likeliest, "accuracy") == 0
    assert calibrate.odds([], [], "f1") == 0


def test_the_limit_moves_where_the_odds_are_off_for_many_runs():
    # of forty, thirty are clean though the odds speak against each
    errors = [-1] * 30 + [0] * 10
    likeliest = [(0, 0.1 + i / 100) for i in range(30)] + [(0, 2.0)] * 10
    limit = calibrate.odds(errors, likeliest, "accuracy")
    assert 0.39 <= limit < 2
    assert calibrate.called(likeliest, limit) == errors
    # a few runs more that are found so are within chance
    assert calibrate.odds(errors[26:], likeliest[26:], "accuracy") == 0


def test_for_f1_clean_runs_and_faulty_ones_weigh_alike():
    errors = [-1] * 2 + [0] * 8
    likeliest = [(0, 0.5), (0, 0.6), *[(0, 0.7)] * 6, (0, 0.1), (0, 0.2)]
    assert calibrate.odds(errors, likeliest, "accuracy") == 0
    assert 0.6 <= calibrate.odds(errors, likeliest, "f1") < 0.7


def test_a_task_is_in_one_split_whatever_the_order():
    groups = [f"task {i}" for i in range(50)]
    splits = split(groups)
    assert splits == split(reversed(groups))
    counts = [list(splits.values()).count(name) for name in SPLITS]
    assert counts == [32, 8, 10]
    assert set(split(groups[:3]).values()) == set(SPLITS)
    assert splits != split(groups, seed=1)


def test_the_data_hash_sees_every_judgement():
    rows = examples(4)
    assert data_hash(rows) == data_hash(examples(4))
    changed = replace(rows[0], success=None)
    assert data_hash([changed, *rows[1:]]) != data_hash(rows)


@pytest.mark.parametrize(
    "fields", [{"verdicts": (1, 1)}, {"weights": (1.0, 1.0)}, {"weights": (0.0,)}]
)
def test_an_example_whose_parts_do_not_fit_is_refused(fields):
    episode = Episode(task="Find it", steps=(Step(0, text="ok"),))
    with pytest.raises(ValueError, match=r"one entry a step|positive"):
        Example(**({"episode": episode, "verdicts": (1,)} | fields))
