"""The audit of models that are honest, deaf, chatty, vain or acausal."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scoring import arena
from scoring.audit import Check, Judged, audit
from scoring.audit.edits import STYLES
from scoring.audit.statistics import ece, partial_spearman
from scoring.rewards import DEFAULT, Spec, named
from scoring.schema import Episode, Prediction, Step

RUNS = [Judged(run.episode, run.verdicts) for run in arena.generate(40, seed=3)]
TRUTH = {
    (run.episode.task, step.content_hash()): verdict
    for run in RUNS
    for step, verdict in zip(run.episode.steps, run.verdicts, strict=True)
}

Rate = Callable[[Episode, Step], float]


def model(rate: Rate) -> Callable[[Sequence[Episode]], list[Prediction]]:
    """A model that says `rate` of every step."""

    def predict(episodes: Sequence[Episode]) -> list[Prediction]:
        return [said(episode) for episode in episodes]

    def said(episode: Episode) -> Prediction:
        q = tuple(rate(episode, step) for step in episode.steps)
        std = tuple(0.2 * (1 - abs(2 * value - 1)) for value in q)
        return Prediction(q, std, (None,) * len(q), q, tokens=100 * len(q))

    return predict


def knowing(episode: Episode, step: Step) -> float:
    """What the simulator knows; a step it has never seen is wrong."""
    verdict = TRUTH.get((episode.task, _plain(step).content_hash()), -1)
    return 0.01 if verdict == -1 else 0.99


def _plain(step: Step) -> Step:
    """The step before any of the audit's styles was put on."""
    for _, form in STYLES:
        before, after = form.split("{}")
        step = replace(
            step,
            text=step.text.removeprefix(before).removesuffix(after),
            thought=step.thought.removeprefix(before).removesuffix(after),
        )
    return step


def checks(rate: Rate, spec: Spec = DEFAULT, runs: Any = RUNS) -> dict[str, Check]:
    return {check.id: check for check in audit(runs, model(rate), spec, sample=6)}


def failed(made: dict[str, Check]) -> set[str]:
    return {check.id for check in made.values() if check.status == "fail"}


def test_a_model_that_knows_passes_every_hard_bar() -> None:
    made = checks(knowing)
    assert [c.id for c in made.values() if c.hard and c.status != "pass"] == []
    assert made["A4 number"].value == made["A4 tool"].value == 1.0


def test_checks_come_in_order_and_as_json() -> None:
    rows = [check.to_dict() for check in audit(RUNS[:4], model(knowing))]
    numbers = [int("".join(filter(str.isdigit, row["id"]))) for row in rows]
    assert numbers == sorted(numbers)
    assert {row["status"] for row in rows} <= {"pass", "fail", "undefined"}


def test_a_model_that_hears_only_politeness_fails_the_style_edits() -> None:
    made = checks(lambda _, step: 0.9 if "happy to help" in step.text else 0.2)
    assert "A5 politeness" in failed(made)
    assert made["A5 politeness"].examples
    assert "A5 markdown" not in failed(made)


def test_a_model_that_looks_ahead_fails_the_prefix() -> None:
    made = checks(lambda episode, _: 1 / len(episode.steps))
    assert "A2" in failed(made)
    assert "steps" in made["A2"].examples[0]["run"]


def test_a_deaf_model_detects_nothing_and_likes_the_unrelated() -> None:
    made = checks(lambda *_: 0.5)
    assert made["A4 tool"].value == 0.5
    assert {"A4 number", "A4 tool", "A3v"} <= failed(made)
    vain = checks(lambda _, step: 0.9 if step.text.startswith("Thank") else 0.3)
    assert "A6" in failed(vain)


def test_a_model_that_is_always_sure_is_not_calibrated() -> None:
    made = checks(lambda *_: 0.999)
    assert {"A12", "A12 by length"} <= failed(made)
    assert made["A13"].status == "undefined"


def test_a_model_that_loves_length_is_told_so() -> None:
    made = checks(lambda episode, _: min(0.49, len(episode.steps) / 40))
    assert {"A7 steps", "A7 tokens"} <= failed(made)


@pytest.mark.parametrize(
    ("path", "value", "broken"),
    [
        (("gate", "rules"), ["harm"], "A15"),
        (("components", "social", "weight"), 3.0, None),
    ],
)
def test_a_spec_is_audited_too(path: tuple[str, ...], value: Any, broken: Any) -> None:
    data = DEFAULT.to_dict()
    *way, last = path
    place: Any = data
    for key in way:
        place = place[key]
    place[last] = value
    hard = {c.id for c in checks(knowing, Spec.from_dict(data)).values() if c.hard}
    made = checks(knowing, Spec.from_dict(data))
    assert failed(made) & hard == ({broken} if broken else set())


def test_what_a_spec_does_not_weigh_is_undefined() -> None:
    made = checks(knowing, named("rlhf_t1"))
    assert [made[id].status for id in ("A3", "A14 process")] == ["undefined"] * 2


def test_nothing_to_audit_is_undefined_not_passed() -> None:
    made = checks(knowing, runs=[])
    assert {check.status for check in made.values()} == {"undefined"}


def test_calibration_by_hand() -> None:
    q, right = np.array([0.9, 0.9, 0.1, 0.1]), np.array([1.0, 1.0, 0.0, 1.0])
    assert ece(q, right, bins=2) == pytest.approx((0.1 + 0.4) / 2)
    assert ece(right, right) == 0.0


def test_length_counts_only_beyond_success() -> None:
    success = np.array([0.0] * 20 + [1.0] * 20)
    lengths = np.arange(40.0)
    alone = partial_spearman(success, lengths, success)
    assert alone is None
    rho = partial_spearman(lengths, lengths, success)
    assert rho == pytest.approx(1.0)
