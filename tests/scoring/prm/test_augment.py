import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.arena import generate
from scoring.audit import edits
from scoring.errors import InvalidInput
from scoring.prm.augment import PLANTERS, REPEATS, SHARES, STYLES, hard_negatives
from scoring.prm.config import TrainConfig
from scoring.prm.examples import Example, split
from scoring.prm.remarks import unrelated
from scoring.prm.train import train
from scoring.schema import Call, Episode, Step
from tests.scoring.prm.stories import examples


@pytest.fixture(scope="module")
def runs() -> list[Example]:
    made = list(generate(80))
    splits = split(run.episode.group() for run in made)
    return [
        Example(run.episode, run.verdicts, None, splits[run.episode.group()])
        for run in made
    ]


def test_each_is_a_run_of_its_task_that_ends_in_the_one_wrong_step(runs):
    made = list(hard_negatives(runs, 0.5, seed=0, share=2))
    tasks = {example.episode.group() for example in runs if example.split == "train"}
    for example in made:
        assert example.split == "train"
        assert example.episode.group() in tasks
        assert set(example.weights) == {0.5}
        assert example.success is None
        assert Episode.from_dict(example.episode.to_dict()) == example.episode
        if example.episode.meta["planted"] != "restyled":
            assert example.verdicts[-1] == -1
            assert set(example.verdicts[:-1]) <= {None}
    kinds = set(Counter(e.episode.meta["planted"] for e in made))
    assert kinds == set(PLANTERS) == {kind for kinds in SHARES for kind in kinds}


def test_the_same_seed_makes_the_same_and_another_one_others(runs):
    first = list(hard_negatives(runs, 1, seed=0))
    assert first == list(hard_negatives(runs, 1, seed=0))
    assert first == [*hard_negatives(runs[:40], 1, 0), *hard_negatives(runs[40:], 1, 0)]
    assert first != list(hard_negatives(runs, 1, seed=1))
    few = list(hard_negatives(runs, 1, seed=0, share=0.1))
    assert 0 < len(few) < len([e for e in runs if e.split == "train"]) < len(first)


def test_nothing_of_the_audits_own_texts_is_learned_by_heart(runs):
    theirs = {*edits.UNRELATED, edits.AGREED, *(form for _, form in edits.STYLES)}
    chance, task = random.Random(0), "Find order 12 and say when it comes."
    ours = {unrelated(chance, task) for _ in range(3000)}
    assert len(ours) > 300
    assert not (theirs | {task}) & (ours | {*STYLES})


def test_other_manners_change_no_verdict():
    chance = random.Random(1)
    example = Example(Episode(task="Find order 1234", steps=STEPS), (1, -1))
    made = PLANTERS["restyled"](example, chance)
    assert made.verdicts == (1, -1)
    assert [step.calls for step in made.steps] == [step.calls for step in STEPS]
    for new, old in zip(made.steps, STEPS, strict=True):
        assert old.text in new.text != old.text


def test_another_tool_of_the_run_is_called_with_the_same_arguments():
    steps = (*STEPS, Step(2, calls=(Call("close", {"order": 1234}),)))
    episode = planted("tool", Example(Episode(task="x", steps=steps), (None, 1, 1)))
    assert [c.name for c in episode.steps[-1].calls] == ["find"]
    assert episode.steps[-1].calls[0].arguments == {"order": 1234}


def planted(kind: str, example: Example) -> Episode | None:
    made = PLANTERS[kind](example, random.Random(0))
    return made and replace(example.episode, steps=made.steps)


STEPS = (
    Step(0, text="I look the order up.", calls=(Call("find", {"order": 1234}),)),
    Step(1, text="It cost 20 euros.", observation="And the price?"),
)
RIGHT = Example(Episode(task="Find order 1234", steps=STEPS), (1, 1))


def test_a_number_in_a_call_becomes_another():
    episode = planted("number", replace(RIGHT, verdicts=(1, None)))
    number = episode.steps[-1].calls[0].arguments["order"]
    assert number != 1234
    assert number // 10 == 123
    assert episode.steps[-1].text == STEPS[0].text


def test_without_a_call_it_is_a_number_in_the_words():
    episode = planted("number", replace(RIGHT, verdicts=(None, 1)))
    assert episode.steps[-1].text != STEPS[1].text
    assert episode.steps[0] == STEPS[0]


def test_a_call_is_repeated_until_it_is_a_loop():
    episode = planted("repetition", RIGHT)
    assert len(episode.steps) == 1 + REPEATS
    assert all(step.calls == STEPS[0].calls for step in episode.steps)


def test_where_nothing_fits_nothing_is_made():
    plain = Example(Episode(task="x", steps=(Step(0, text="no digits"),)), (None,))
    assert [planted(kind, plain) for kind in ("noise", "number", "tool")] == [None] * 3


texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner),
    max_leaves=5,
)


@given(texts | st.dictionaries(texts, values, max_size=3))
def test_any_arguments_can_be_spoiled(arguments):
    call = Call("f", arguments)
    step = Step(0, text="7", calls=(call,))
    episode = planted("number", Example(Episode(task="x", steps=(step,)), (1,)))
    assert episode is not None
    assert episode.steps[0] != step


def test_they_are_used_in_training_and_named_on_the_card(trunk, tmp_path):
    config = TrainConfig(epochs=20, rank=16, hard_negatives=0.5)
    card = train(examples(), trunk, config, tmp_path, lambda progress: None).card
    assert sum(card["hard_negatives"].values()) > 0
    assert card["data"]["counts"]["train"]["episodes"] < len(examples())
    plain = replace(config, hard_negatives=0.0)
    card = train(examples(), trunk, plain, tmp_path, lambda progress: None).card
    assert card["hard_negatives"] == {}


@pytest.mark.parametrize("weight", [-1, float("inf"), "1", True])
def test_a_weight_that_makes_no_sense_is_refused(weight):
    with pytest.raises(InvalidInput) as refused:
        TrainConfig(hard_negatives=weight)
    assert refused.value.pointer == "/hard_negatives"
