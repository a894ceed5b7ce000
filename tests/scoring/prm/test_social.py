"""A head that learns from answers about whole runs which step was to blame."""

import random
from dataclasses import replace

import pytest

from scoring import rewards
from scoring.prm import social
from scoring.prm.engine import Engine
from scoring.prm.evidence import locator
from scoring.prm.examples import Example, split
from scoring.prm.train import TrainConfig, Trained, train
from scoring.schema import Call, Episode, Prediction, Step

CONFIG = TrainConfig(epochs=12, rank=16, members=2)
GENTLE, RUDE = "thank you kindly", "XXXX YOU XXXX"


def quiet(progress: object) -> None:
    pass


def told(tasks: int = 72, seed: int = 0) -> list[Example]:
    """Runs of up to three replies; of a third of them one reply is rude. Nobody says
    which: people answer for the run, and not of every run."""
    chance = random.Random(seed)
    rows = []
    for i in range(tasks):
        rude = i % 3 == 0
        words = [GENTLE] * chance.randint(1, 3)
        if rude:
            words[chance.randrange(len(words))] = RUDE
        steps = tuple(Step(t, text=f"{word} {i}") for t, word in enumerate(words))
        verdicts = tuple(chance.choice((1, -1)) for _ in steps)
        rows.append((Episode(task=f"Task {i}", steps=steps), verdicts, rude))
    splits = split((episode.group() for episode, *_ in rows), seed)
    return [
        Example(
            episode,
            verdicts,
            split=splits[episode.group()],
            social={"rude": float(rude)} if i % 10 else {},
        )
        for i, (episode, verdicts, rude) in enumerate(rows)
    ]


@pytest.fixture(scope="module")
def trained(trunk, tmp_path_factory) -> Trained:
    return train(told(), trunk, CONFIG, tmp_path_factory.mktemp("social"), quiet)


@pytest.fixture(scope="module")
def said(trained, trunk) -> Prediction:
    engine = Engine(trunk)
    return engine.predict([RUN], engine.load(trained.directory))[0]


RUN = Episode(
    task="A new task",
    steps=tuple(Step(t, text=f"{w} 7") for t, w in enumerate((GENTLE, RUDE, GENTLE))),
)


def test_the_card_says_what_the_head_can_do_beside_a_bag_of_words(trained):
    measured = trained.card["metrics"]["social"]
    assert set(measured) == {"rude"}
    row = measured["rude"]
    assert row["auroc"] > 0.9
    assert 0 < row["bad"] < row["episodes"] <= 18
    assert row["auroc_words"] is not None
    assert trained.card["data"]["counts"]["train"]["rude"] >= 10


def test_the_step_to_blame_is_found_though_nobody_named_it(said):
    rude = said.social["rude"]
    assert rude.worst == 1
    assert rude.probability(1) > 0.5 > max(rude.probability(0), rude.probability(2))


def test_the_words_it_points_at_are_the_steps_own(said):
    found = said.social["rude"].steps[1]
    assert found
    assert found.pointer == "/steps/1/text"
    assert found.start is not None
    assert set(RUN.steps[1].text[found.start : found.end]) & set("XYOU")


def test_a_prefix_is_told_the_same_as_the_whole(trained, trunk, said):
    engine = Engine(trunk)
    prefix = replace(RUN, steps=RUN.steps[:2])
    alone = engine.predict([prefix], engine.load(trained.directory))[0]
    assert alone.social["rude"].steps == said.social["rude"].steps[:2]


def test_a_prediction_survives_json(said):
    assert Prediction.from_dict(said.to_dict()) == said


def test_what_the_head_says_is_in_the_score(said):
    score = rewards.score(RUN, said)
    family = score["families"]["social"]
    [rude] = family["detectors"]
    worst = said.social["rude"].steps[1]
    assert worst
    assert family["coverage"] == "head"
    assert family["raw"] == pytest.approx(2 * (1 - worst.probability) - 1)
    assert (rude["axis"], rude["step"], rude["pointer"]) == ("rude", 1, worst.pointer)
    assert score["steps"][1]["social"] == {"rude": worst.to_dict()}
    ends = [step["rewards"]["social"] for step in score["steps"]]
    assert ends == [0.0, 0.0, family["weighted"]]


def test_another_spec_needs_no_model(said):
    score = rewards.score(RUN, said)
    again = rewards.score(RUN, rewards.prediction_of(score), rewards.named("rlhf_t1"))
    assert again == rewards.score(RUN, said, rewards.named("rlhf_t1"))


@pytest.mark.parametrize(
    ("rows", "is_enough"),
    [
        (told(), True),
        (told(20), False),
        ([replace(row, social={"rude": 0.0}) for row in told()], False),
        ([replace(row, social={"harm": 1.0}) for row in told()], False),
    ],
    ids=["enough", "few", "one kind", "another question"],
)
def test_a_head_needs_ten_answers_of_either_kind(rows, is_enough):
    assert social.enough("rude", rows, social.LEAST) is is_enough


def test_answers_that_mean_nothing_make_no_head(trunk, tmp_path):
    chance = random.Random(1)
    rows = [replace(r, social={"rude": float(chance.random() < 0.5)}) for r in told()]
    card = train(rows, trunk, CONFIG, tmp_path, quiet).card
    assert set(card["heads"]) == {"verdict"}


PLACES = Step(
    2,
    thought="think hard",
    text="say it",
    calls=(Call("mail", {"to": ["ann"], "mail": "a\nb", "n": 3}), Call("sh", "rm -r")),
)


@pytest.mark.parametrize(
    ("words", "pointer", "text"),
    [
        ("hard", "/steps/2/thought", "hard"),
        ("say", "/steps/2/text", "say"),
        ("ann", "/steps/2/calls/0/arguments/to/0", "ann"),
        ("a\\n", "/steps/2/calls/0/arguments/mail", "a\nb"),
        ("rm", "/steps/2/calls/1/arguments", "rm"),
    ],
)
def test_tokens_lead_back_to_the_text_they_were(words, pointer, text, trunk):
    steps = (Step(0, text="a"), Step(1, text="b"), PLACES)
    episode = Episode(task="t", steps=steps)
    own = "Thought: think hard\nsay it\n" + (
        'Call mail({"to": ["ann"], "mail": "a\\nb", "n": 3})\nCall sh(rm -r)\n'
    )
    start = own.index(words)
    found = locator(episode, trunk.tokenizer)(2, start, start + len(words))
    assert found is not None
    step = PLACES.to_dict()
    value = step
    for part in pointer.split("/")[3:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    assert found[0] == pointer
    assert value[found[1] : found[2]] == text


def test_tokens_of_no_text_lead_nowhere(trunk):
    episode = Episode(task="t", steps=(replace(PLACES, index=0),))
    assert locator(episode, trunk.tokenizer)(0, 0, 4) is None  # "Thou"


def test_a_tokenizer_of_the_hub_knows_where_its_tokens_stand(smollm2):
    text = "naïve 😀 <|im_start|> token"
    offsets = smollm2.tokenizer.offsets(text)
    assert len(offsets) == len(smollm2.tokenizer([text])[0])
    assert (offsets[0][0], offsets[-1][1]) == (0, len(text))
