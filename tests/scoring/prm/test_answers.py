"""Answers one by one, by hand."""

from scoring.prm.answers import answers, best_of_n, by_source, confusion
from scoring.prm.examples import Example
from scoring.schema import Call, Episode, Prediction, Step


def run(task: str, *steps: Step, success: bool | None = None) -> Episode:
    return Episode(id=task, task=task, steps=steps)


def said(*wrong: float | None) -> Prediction:
    """A model that is wrong with these probabilities, and else right."""
    return Prediction(
        q=tuple(None if p is None else 1 - p for p in wrong),
        q_std=tuple(None if p is None else 0.1 for p in wrong),
        verdicts=tuple(None if p is None else (p, 0.0, 1 - p) for p in wrong),
        value=(None,) * len(wrong),
    )


STEPS = (
    Step(0, text="a", kind="planning"),
    Step(1, calls=(Call("look", {}), Call("buy", {})), kind="tool"),
    Step(2, text="c", kind="message"),
)
EXAMPLES = [
    Example(run("t", *STEPS), (1, -1, None), True),
    Example(run("t", *STEPS[:2]), (1, -1), False),
]
PREDICTIONS = [said(0.1, 0.8, 0.5), said(0.2, None)]
ANSWERS = answers(EXAMPLES, PREDICTIONS, ["chat", "react"])


def test_only_what_was_judged_and_read_counts() -> None:
    assert [(a.run, a.step.index, a.verdict, a.predicted) for a in ANSWERS] == [
        (0, 0, 1, 1),
        (0, 1, -1, -1),
        (1, 0, 1, 1),
    ]


def test_confusion_has_nine_cells() -> None:
    counts = confusion(ANSWERS)
    assert (counts["1"]["1"], counts["-1"]["-1"]) == (2, 1)
    assert sum(n for row in counts.values() for n in row.values()) == 3


def test_the_answers_are_told_by_source() -> None:
    parts = by_source(ANSWERS)
    assert {name: part["steps"] for name, part in parts.items()} == {
        "chat": 2,
        "react": 1,
    }
    assert (parts["chat"]["wrong"], parts["chat"]["auroc"]) == (1, 1.0)
    assert parts["react"]["auroc"] is None


def test_best_of_n_prefers_the_run_with_the_higher_minimum() -> None:
    one, two = best_of_n(EXAMPLES, [said(0.1, 0.2, 0.1), said(0.9, 0.1)])
    assert (one["n"], one["chosen"], one["random"]) == (1, 0.5, 0.5)
    assert (two["n"], two["chosen"], two["oracle"]) == (2, 1.0, 1.0)
    assert best_of_n(EXAMPLES[:1], PREDICTIONS[:1]) == []
