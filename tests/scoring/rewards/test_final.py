"""Who knows the outcome, and how answers are graded."""

import pytest

from scoring.rewards import DEFAULT
from scoring.rewards.final import outcome
from scoring.rewards.graders import GRADERS
from scoring.schema import Outcome, Prediction
from tests.scoring.rewards.cases import run, say

NOTHING = Prediction((None,), (None,), (None,), (None,))
HOPEFUL = Prediction((None,), (None,), (None,), (0.8,))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Outcome(success=False), (0.0, "outcome")),
        (Outcome(success=True, score=0.25), (0.25, "outcome")),
        (Outcome(answer="Paris.", reference="paris"), (1.0, "answer")),
        (Outcome(answer="Lyon", reference="paris"), (0.0, "answer")),
        (Outcome(answer="Paris"), (0.8, "value_head")),
    ],
)
def test_sources_are_asked_in_order(
    known: Outcome, expected: tuple[float, str]
) -> None:
    episode = run(say("hm"), outcome=known)
    assert outcome(episode, HOPEFUL, DEFAULT.final) == expected


@pytest.mark.parametrize(
    ("ended", "prediction"), [("truncated", HOPEFUL), ("terminated", NOTHING)]
)
def test_what_nobody_knows_stays_unknown(ended: str, prediction: Prediction) -> None:
    episode = run(say("hm"), outcome=Outcome(), ended=ended)
    assert outcome(episode, prediction, DEFAULT.final) == (None, None)


@pytest.mark.parametrize(
    ("grader", "answer", "reference", "expected"),
    [
        ("exact", "Paris", "Paris", 1),
        ("exact", "paris", "Paris", 0),
        ("text", "  The Answer,  is: 4 ", "the answer is 4", 1),
        ("text", "...", "...", 1),
        ("text", "...", "four", 0),
        ("text", "巴黎。", "巴黎", 1),
        ("number", "so it costs $1,234.50", "1234.5", 1),
        ("number", "12%", "0.12", 1),
        ("number", "about -3e2", "-300", 1),
        ("number", "none", "3", 0),
        ("json", '{"a": 1, "b": [true]}', '{"b": [true], "a": 1.0}', 1),
        ("json", '{"a": true}', '{"a": 1}', 0),
        ("json", "{", "{", 0),
        ("f1", "the red car", "a red car", 2 / 3),
        ("f1", "", "a red car", 0),
    ],
)
def test_graders(grader: str, answer: str, reference: str, expected: float) -> None:
    assert GRADERS[grader](answer, reference) == pytest.approx(expected)
