"""The promises, kept on whole simulated episodes with known verdicts."""

from typing import Any

import pytest

from scoring.arena.runs import Run, generate
from scoring.rewards import DEFAULT, score
from scoring.schema import Prediction


@pytest.fixture(scope="module")
def scored() -> list[tuple[Run, dict[str, Any]]]:
    runs = list(generate(300, seed=7))
    return [(run, score(run.episode, honest(run))) for run in runs]


def honest(run: Run) -> Prediction:
    """A reward model that sees every mistake and is never quite sure."""
    q = tuple(0.1 if verdict < 0 else 0.9 for verdict in run.verdicts)
    nothing = (None,) * len(q)
    return Prediction(q, nothing, nothing, nothing)


def test_every_success_beats_every_failure_by_the_margin(
    scored: list[tuple[Run, dict[str, Any]]],
) -> None:
    solved = [s["total"] for run, s in scored if run.episode.outcome.success]
    failed = [s["total"] for run, s in scored if not run.episode.outcome.success]
    assert min(solved) - max(failed) >= DEFAULT.margin().dominance - 1e-9


def test_a_mistake_is_charged_at_its_step_and_a_clean_run_nowhere(
    scored: list[tuple[Run, dict[str, Any]]],
) -> None:
    for run, made in scored:
        charged = [step["rewards"]["process"] < 0 for step in made["steps"]]
        first = next((t for t, v in enumerate(run.verdicts) if v < 0), None)
        assert [t for t, was in enumerate(charged) if was] == (
            [] if first is None else [first]
        )


def test_no_rule_of_the_gate_mistakes_an_ordinary_run(
    scored: list[tuple[Run, dict[str, Any]]],
) -> None:
    assert [made["gate"]["violations"] for _, made in scored] == [[]] * len(scored)


def test_looping_costs_more_than_any_other_way_to_go_wrong(
    scored: list[tuple[Run, dict[str, Any]]],
) -> None:
    costs: dict[bool, list[float]] = {True: [], False: []}
    for run, made in scored:
        costs[run.fault == "loop"].append(made["families"]["auxiliary"]["raw"])
    mean = {looped: sum(c) / len(c) for looped, c in costs.items()}
    assert mean[True] < 2 * mean[False] < 0
