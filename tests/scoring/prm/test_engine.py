from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.prm import backbone
from scoring.prm.card import Model, save_model
from scoring.prm.engine import KEPT_MODELS, Engine
from scoring.prm.train import Progress, TrainConfig, train
from scoring.schema import Call, Episode, Prediction, Step
from tests.scoring.prm.stories import examples


def quiet(progress: Progress) -> None:
    pass


@pytest.fixture(scope="module")
def engine(trunk) -> Engine:
    return Engine(trunk)


@pytest.fixture(scope="module")
def model(engine, tmp_path_factory) -> Model:
    workdir = tmp_path_factory.mktemp("engine")
    config = TrainConfig(epochs=12, rank=16)
    return engine.load(
        train(examples(), engine.trunk, config, workdir, quiet).directory
    )


texts = st.text(alphabet="ab c", min_size=1, max_size=60)
steps = st.builds(
    Step,
    index=st.just(0),
    text=texts,
    observation=st.just("") | texts,
    calls=st.just(()) | texts.map(lambda result: (Call("f", result=result),)),
)
runs = st.lists(steps, min_size=1, max_size=6)


def episode(steps: list[Step]) -> Episode:
    numbered = tuple(replace(step, index=t) for t, step in enumerate(steps))
    return Episode(task="Find it", steps=numbered)


def first(prediction: Prediction, steps: int) -> tuple[object, ...]:
    rows = (prediction.q, prediction.q_std, prediction.verdicts, prediction.value)
    return tuple(row[:steps] for row in rows)


@given(runs, runs, runs)
@settings(deadline=None, max_examples=25)
def test_no_edit_after_a_step_changes_its_score_by_one_bit(
    engine, model, kept, rest, other
):
    whole, edited = engine.predict(
        [episode([*kept, *rest]), episode([*kept, *other])], model
    )
    assert first(whole, len(kept)) == first(edited, len(kept))


@given(st.lists(runs, min_size=1, max_size=4))
@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.data_too_large]
)
def test_an_episode_scores_the_same_alone_and_in_any_batch(engine, model, batch):
    episodes = [episode(rows) for rows in batch]
    together = engine.predict(episodes, model)
    assert together == [engine.predict([alone], model)[0] for alone in episodes]
    assert together == engine.predict(episodes[::-1], model)[::-1]


def test_a_grown_episode_says_how_much_of_it_was_computed_before(engine, model):
    engine.forget()
    rows = [Step(0, text="x" * 40), Step(1, text="y" * 40), Step(2, text="z" * 40)]
    (part,) = engine.predict([episode(rows[:2])], model)
    whole, again = engine.predict([episode(rows), episode(rows)], model)
    assert part.cached_tokens == 0
    assert whole.cached_tokens == part.tokens
    assert again.cached_tokens == again.tokens


def test_every_step_has_a_score_or_a_reason(engine, model):
    small = replace(model, max_tokens=120)
    rows = [Step(0, text="x" * 40), Step(1, text="y" * 140), Step(2, text="z" * 40)]
    (prediction,) = engine.predict([episode(rows)], small)
    assert [q is None for q in prediction.q] == [False, True, False]
    assert "context" in prediction.truncation["unscored"]["1"]


@given(st.lists(steps, min_size=4, max_size=10), st.integers(260, 330))
@settings(deadline=None, max_examples=10)
def test_a_run_longer_than_the_context_grown_scores_as_it_does_whole(
    engine, model, rows, limit
):
    small = replace(model, max_tokens=limit)
    engine.forget()
    (whole,) = engine.predict([episode(rows)], small)
    assert None not in whole.q
    engine.forget()
    for length in range(1, len(rows) + 1):
        grown, other = engine.predict([episode(rows[:length]), episode(rows)], small)
        assert first(grown, length) == first(whole, length)
        assert replace(other, cached_tokens=0) == replace(whole, cached_tokens=0)


def test_a_run_in_windows_is_computed_once_and_shares_its_task(engine, model):
    small = replace(model, max_tokens=200)
    rows = [Step(0, text=letter * 60) for letter in "abcdefgh"]
    engine.forget()
    (fresh,) = engine.predict([episode(rows)], small)
    (again,) = engine.predict([episode(rows)], small)
    assert len(fresh.truncation["windows"]) > 1
    assert fresh.cached_tokens < fresh.tokens == again.cached_tokens


def test_probabilities_are_probabilities_and_q_is_their_complement(engine, model):
    (prediction,) = engine.predict([examples(1)[0].episode], model)
    for q, verdict in zip(prediction.q, prediction.verdicts, strict=True):
        assert sum(verdict) == pytest.approx(1, abs=1e-5)
        assert q == 1 - verdict[0]
    assert all(0 <= value <= 1 for value in prediction.value)
    assert Prediction.from_dict(prediction.to_dict()) == prediction


def test_wrong_steps_score_lower_than_right_ones(engine, model):
    rows = examples(12, seed=3)
    predictions = engine.predict([e.episode for e in rows], model)
    by_verdict: dict[int, list[float]] = {-1: [], 1: []}
    for example, prediction in zip(rows, predictions, strict=True):
        for verdict, q in zip(example.verdicts, prediction.q, strict=True):
            by_verdict.get(verdict, []).append(q)
    assert max(by_verdict[-1]) < min(by_verdict[1])


def test_a_model_without_a_value_head_says_none(engine, model):
    bare = replace(
        model,
        heads={"verdict": model.heads["verdict"]},
        judges={"verdict": model.judges["verdict"]},
    )
    (prediction,) = engine.predict([examples(1)[0].episode], bare)
    assert set(prediction.value) == {None}


def test_nothing_scorable_gives_reasons_and_no_crash(engine, model):
    (prediction,) = engine.predict(
        [episode([Step(0, text="x" * 500)])], replace(model, max_tokens=9)
    )
    assert prediction.q == (None,)
    assert prediction.tokens == 0


def test_only_the_models_last_used_are_kept(trunk, model, tmp_path):
    engine = Engine(trunk)
    models = [replace(model, max_tokens=9 + i) for i in range(KEPT_MODELS + 1)]
    folders = [save_model(one, trunk, {}, tmp_path)[0] for one in models]
    loaded = [engine.load(folder) for folder in folders]
    assert engine.load(folders[-1]) is loaded[-1]
    assert engine.load(folders[0]) is not loaded[0]


@pytest.mark.backbone
def test_the_real_backbone_scores_a_prefix_as_it_scores_the_whole(smollm2, tmp_path):
    engine = Engine(smollm2)
    config = TrainConfig(epochs=5, rank=16)
    model = engine.load(train(examples(9), smollm2, config, tmp_path, quiet).directory)
    rows = [Step(0, text=f"Look order {i} up and refund it. " * 20) for i in range(4)]
    whole, part = engine.predict([episode(rows), episode(rows[:2])], model)
    assert first(whole, 2) == first(part, 2)
    assert engine.predict([episode(rows)], model) == [whole]


def test_a_trunk_of_another_seed_is_another_backbone(model, trunk):
    assert backbone.tiny(1).sha256 != trunk.sha256
