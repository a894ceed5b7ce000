"""Who knows the outcome, and how answers are graded."""

import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from scoring.rewards import DEFAULT, Spec, algebra
from scoring.rewards.final import outcome
from scoring.rewards.graders import GRADERS
from scoring.rewards.verified import passed_tests, state_reached
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
        ("set_f1", "Rome, paris", "Paris; Rome", 1),
        ("set_f1", '["Rome", 7, "Oslo"]', '["rome", 7.0]', 4 / 5),
        ("set_f1", "Rome\nRome", "Rome", 1),
        ("set_f1", "", "Rome", 0),
        ("set_f1", "", "[]", 1),
        ("regex", " Order 17 ", "(?i)order \\d+", 1),
        ("regex", "Order 17, I think", "(?i)order \\d+", 0),
        ("regex", "a" * 100_000 + "!", "(a+)+", 0),
        ("regex", "\ud800", ".", 1),
        ("regex", "17", "(", None),
        ("math", "so it is $\\frac{2}{4}$", "1/2", 1),
        ("math", "1+x^2", "x^2+1", 1),
        ("math", "[1,2)", "[1,2]", 0),
        ("math", "50 %", "0.5", 1),
        ("math", "I don't know", "4", 0),
        ("math", "4", "no mathematics at all", None),
    ],
)
def test_graders(
    grader: str, answer: str, reference: str, expected: float | None
) -> None:
    assert GRADERS[grader](answer, reference) == pytest.approx(expected)


def test_mathematics_without_end_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    grade = GRADERS["math"]
    assert grade("2", "2") == 1
    monkeypatch.setattr(algebra, "SECONDS", 0.2)
    assert grade("$9^{9^{9^{9}}}$", "2") == 0
    monkeypatch.undo()
    assert grade("2", "2") == 1


def test_sympy_stays_in_its_own_process() -> None:
    script = (
        "import sys; from scoring.rewards.graders import GRADERS;"
        "assert GRADERS['math']('2', '2'); assert 'sympy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"passed": 3, "failed": 0}, 1),
        ({"passed": 3, "failed": 1, "total": 4}, 0),
        ({"test_a": "PASSED", "test_b": "ok"}, 1),
        ({"test_a": True, "test_b": False}, 0),
        ({"FAIL_TO_PASS": {"success": ["a"], "failure": []}}, 1),
        ({"PASS_TO_PASS": {"success": ["a"], "failure": ["b"]}}, 0),
        ({"passed": 0, "failed": 0}, None),
        ({"duration": 1.5, "skipped": 2}, None),
        ("all green", None),
    ],
)
def test_the_results_of_tests_are_all_or_nothing(
    results: Any, expected: float | None
) -> None:
    assert passed_tests({"tests": results}) == expected


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"state": {"expected": {"a": 1}, "actual": {"a": 1.0}}}, 1),
        ({"state": {"expected": "f00d", "actual": "beef"}}, 0),
        ({"outputs": ["1234", "paris"]}, 1),
        ({"outputs": ["1234", "Rome"]}, 0),
        ({"state": {"expected": 1, "actual": 1}, "outputs": ["Rome"]}, 0),
        ({"state": {"expected": 1}}, None),
        ({"outputs": []}, None),
    ],
)
def test_the_state_and_every_output_must_be_right(
    meta: dict[str, Any], expected: float | None
) -> None:
    episode = run(say("It is 1,234 EUR,"), say("from Paris."), meta=meta)
    assert state_reached(episode) == expected


def test_a_spec_says_who_is_asked_first() -> None:
    data = DEFAULT.to_dict()
    data["components"]["final"]["sources"] = ["tests", "state", "outcome"]
    rule = Spec.from_dict(data).final
    episode = run(say("hm"), meta={"tests": {"passed": 0, "failed": 2}})
    assert outcome(episode, NOTHING, rule) == (0.0, "tests")
    assert outcome(replace(episode, meta={}), NOTHING, rule) == (1.0, "outcome")


def test_an_answer_without_a_readable_reference_stays_unknown() -> None:
    known = Outcome(answer="17", reference="(")
    rule = replace(DEFAULT.final, grader="regex")
    assert outcome(run(say("hm"), outcome=known), NOTHING, rule) == (None, None)
