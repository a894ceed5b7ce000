from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.prm import incremental, recall
from scoring.prm.cues import cues
from scoring.prm.engine import Engine
from scoring.prm.lru import Lru
from scoring.prm.recall import Recall, RememberedTokens, keys
from scoring.prm.train import TrainConfig, train
from scoring.schema import Call, Episode, Step
from tests.scoring.prm.stories import examples

CONFIG = TrainConfig(epochs=5, rank=8)


@pytest.fixture(scope="module")
def folders(trunk, tmp_path_factory):
    """Two models of one trunk."""
    workdir = tmp_path_factory.mktemp("recall")
    return [
        train(examples(seed=seed), trunk, CONFIG, workdir, lambda _: None).directory
        for seed in (0, 1)
    ]


@pytest.fixture(scope="module")
def engine(trunk) -> Engine:
    return Engine(trunk)


texts = st.text(alphabet="ab =17", min_size=1, max_size=40)
calls = st.builds(
    Call,
    name=st.just("f"),
    arguments=st.just({}) | st.dictionaries(st.just("x"), st.integers(0, 3)),
    result=st.none() | texts,
    is_error=st.booleans(),
)
steps = st.builds(
    Step,
    index=st.just(0),
    text=st.just("") | texts,
    observation=st.just("") | texts,
    calls=st.just(()) | calls.map(lambda call: (call,)),
)
runs = st.lists(steps, min_size=1, max_size=7)


def episode(rows: list[Step], task: str = "Find it") -> Episode:
    numbered = tuple(replace(step, index=t) for t, step in enumerate(rows))
    return Episode(task=task, steps=numbered)


def afresh(engine, episodes, model):
    """What an engine says that remembers nothing."""
    engine.forget()
    return engine.predict(episodes, model)


@given(runs, st.data())
@settings(deadline=None, max_examples=25)
def test_a_run_that_grows_is_scored_as_it_is_whole_step_by_step(
    engine, folders, rows, data
):
    model = engine.load(folders[0])
    grown = [episode(rows[: t + 1]) for t in range(len(rows))]
    expected = [afresh(engine, [one], model)[0] for one in grown]
    engine.forget()
    order = data.draw(st.permutations(grown) | st.just(grown))
    got = {len(one.steps): engine.predict([one], model)[0] for one in order}
    assert [got[t + 1] for t in range(len(rows))] == expected


@given(runs, runs, runs)
@settings(deadline=None, max_examples=15)
def test_runs_that_part_go_on_from_what_they_share(engine, folders, shared, one, other):
    model = engine.load(folders[0])
    both = [episode([*shared, *one]), episode([*shared, *other])]
    expected = [afresh(engine, [run], model)[0] for run in both]
    engine.forget()
    engine.predict([episode(shared)], model)
    assert engine.predict(both, model) == expected


def test_a_result_that_comes_in_later_is_seen_by_the_next_step_alone(engine, folders):
    model = engine.load(folders[0])
    asked = Step(0, calls=(Call("find", {"id": 7}),))
    told = replace(asked, calls=(Call("find", {"id": 7}, result="poor idea 3 = 4"),))
    after = Step(1, text="good idea")
    expected = afresh(engine, [episode([told, after])], model)
    engine.forget()
    (first,) = engine.predict([episode([asked])], model)
    whole = engine.predict([episode([told, after])], model)
    assert whole == expected
    assert whole[0].q[:1] == first.q


def test_two_models_in_turn_never_speak_for_each_other(engine, folders):
    models = [engine.load(folder) for folder in folders]
    rows = [Step(0, text="good idea"), Step(1, text="poor idea")]
    expected = [afresh(engine, [episode(rows)], model) for model in models]
    assert expected[0] != expected[1]
    engine.forget()
    for _ in range(2):
        said = [engine.predict([episode(rows)], model) for model in models]
        assert said == expected


def test_a_model_that_is_not_its_folders_is_asked_anew(engine, folders):
    model = engine.load(folders[0])
    run = episode([Step(0, text="good idea")])
    assert engine.predict([run], model)[0].q != (None,)
    assert engine.predict([run], replace(model, max_tokens=3))[0].q == (None,)
    assert engine.predict([run], model)[0].q != (None,)


def test_an_unchanged_run_costs_nothing_though_the_trunk_forgot_it(engine, folders):
    model = engine.load(folders[0])
    run = episode([Step(0, text="x" * 300), Step(1, text="y" * 300)])
    first = afresh(engine, [run], model)
    engine.trunk.forget()
    again = engine.predict([run], model)
    assert again == first
    assert (first[0].cached_tokens, again[0].cached_tokens) == (0, first[0].tokens)


def test_a_full_memory_drops_runs_and_stays_right(engine, folders, monkeypatch):
    monkeypatch.setattr(recall, "SCORE_BYTES", 9000)
    small = Engine(engine.trunk)
    model = small.load(folders[0])
    grown = [episode([Step(0, text=f"good idea {n}")] * 9, str(n)) for n in range(4)]
    expected = [afresh(engine, [run], engine.load(folders[0]))[0] for run in grown]
    assert [small.predict([run], model)[0] for run in grown * 2] == expected * 2
    assert 0 < small._recall._entries.bytes <= 9000


@given(runs)
@settings(deadline=None)
def test_cues_go_on_where_another_request_left_off(rows):
    memory, run = Recall(), episode(rows)
    for start in range(len(rows)):
        part = replace(run, steps=run.steps[: start + 1])
        got = memory.cues(part, list(keys(part, "")), start)
        assert got == [*cues(part)][start:]


@given(runs, runs)
def test_keys_differ_wherever_what_was_read_differs(one, other):
    first, second = episode(one), episode(other)
    for t, (a, b) in enumerate(zip(keys(first, ""), keys(second, ""), strict=False)):
        read = [
            [*run.steps[:t], replace(run.steps[t], calls=_asked(run.steps[t]))]
            for run in (first, second)
        ]
        assert (a.read == b.read) == (read[0] == read[1])


def _asked(step: Step) -> tuple[Call, ...]:
    return tuple(replace(call, result=None, is_error=False) for call in step.calls)


def test_texts_are_tokenised_once():
    asked = list[str]()

    class Counting:
        def __call__(self, texts, /):
            asked.extend(texts)
            return [list(text.encode()) for text in texts]

        def offsets(self, text):
            return [(0, len(text))]

    remembered = RememberedTokens(Counting())
    assert remembered(["a", "b", "a"]) == [[97], [98], [97]]
    assert remembered(["b", "", "c"]) == [[98], [], [99]]
    assert asked == ["a", "b", "", "c"]
    assert remembered.offsets("ab") == [(0, 2)]


def test_what_was_used_last_stays():
    held = Lru[str, int](10)
    for key, size in (("a", 4), ("b", 4), ("c", 11)):
        held.put(key, 1, size)
    assert (held.get("a"), held.get("c")) == (1, None)
    held.put("d", 2, 4)
    assert (held.get("b"), held.get("a"), held.bytes, len(held)) == (None, 1, 8, 2)
    held.put("a", 3, 1)
    assert (held.take("a"), held.take("a"), held.bytes) == (3, None, 4)
    held.clear()
    assert (len(held), held.bytes) == (0, 0)


def test_a_proof_reads_the_heads_again(engine, folders, monkeypatch):
    model = engine.load(folders[0])
    run = episode([Step(0, text="good idea"), Step(1, text="poor idea")])
    (first,) = engine.predict([run], model)
    heard = list[object]()
    hear = incremental.hear
    monkeypatch.setattr(
        incremental, "hear", lambda *args: heard.append(args) or hear(*args)
    )
    assert engine.predict([run], model) == [first]
    assert not heard
    assert engine.predict([run], model, remembered=False) == [first]
    assert len(heard) == 2
