"""The stream of runs: reproducible, varied, balanced, and silent about its faults."""

import json
from collections import Counter
from itertools import pairwise

import pytest

from scoring import strictjson
from scoring.arena import Run, generate
from scoring.arena.faults import FAULTS
from scoring.schema import KINDS, Episode


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return list(generate(1000))


def test_the_same_seed_gives_the_same_runs_and_another_seed_others():
    assert list(generate(20, 5)) == list(generate(20, 5))
    assert list(generate(20, 5)) != list(generate(20, 6))


def test_a_shorter_stream_is_the_beginning_of_a_longer_one():
    assert list(generate(10, 3)) == list(generate(23, 3))[:10]


def test_tasks_are_many_and_each_has_three_to_five_runs_in_a_row(runs):
    sizes = Counter(run.episode.group() for run in runs[:-5])
    changes = sum(a.episode.task != b.episode.task for a, b in pairwise(runs))
    assert len(sizes) > 230
    assert changes + 1 >= len(sizes)
    assert set(list(sizes.values())[:-1]) == {3, 4, 5}


def test_every_episode_survives_json_unchanged(runs):
    for run in runs:
        text = json.dumps(run.episode.to_dict())
        assert Episode.from_dict(strictjson.loads(text)) == run.episode


def test_every_episode_is_complete_and_says_that_it_is_simulated(runs):
    assert len({run.episode.id for run in runs}) == len(runs)
    for run in runs:
        assert run.episode.meta == {"simulated": True}
        assert len(run.verdicts) == len(run.episode.steps) <= 16
        assert all(step.tokens and step.cost for step in run.episode.steps)
        success = run.episode.outcome.success
        assert run.episode.steps[-1].reward == float(bool(success))


def test_all_kinds_of_steps_and_customers_turns_occur(runs):
    steps = [step for run in runs for step in run.episode.steps]
    assert {step.kind for step in steps} == set(KINDS)
    assert any(step.observation for step in steps)
    assert any(
        call.is_error is False and call.result for s in steps for call in s.calls
    )


def test_verdicts_and_faults_are_balanced(runs):
    counts = Counter(verdict for run in runs for verdict in run.verdicts)
    total = counts.total()
    assert 0.13 < counts[-1] / total < 0.25
    assert 0.10 < counts[0] / total < 0.20
    faulty = sum(run.fault is not None for run in runs) / len(runs)
    assert 0.35 < faulty < 0.55


def test_clean_runs_succeed_without_a_wrong_step(runs):
    for run in runs:
        if run.fault is None:
            assert -1 not in run.verdicts, run.episode.id
            assert run.episode.outcome.success, run.episode.id
            assert run.social == {"rude": False, "leak": False}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_occurs_and_is_judged_wrong(runs, fault):
    hit = [run for run in runs if run.fault == fault]
    assert len(hit) > 5
    for run in hit:
        if fault == "needless calls":
            assert -1 not in run.verdicts
            assert 0 in run.verdicts
        else:
            assert -1 in run.verdicts


# a mistaken order number may also make the agent take back what it did rightly
MISTAKEN = {"perception", "reflection", "reasoning", "lookup_order", "reverse"}


@pytest.mark.parametrize(
    ("fault", "names"),
    [
        ("loop", {"lookup_order", "read_policy"}),
        ("rude reply", {"message"}),
        ("giving up", {"close"}),
        ("wrong order", {"planning", "message", "refund", "replace", "escalate"}),
        ("wrong argument", MISTAKEN),
    ],
)
def test_the_first_wrong_step_is_the_faulty_one(runs, fault, names):
    firsts = set()
    for run in runs:
        if run.fault == fault:
            step = run.episode.steps[run.verdicts.index(-1)]
            firsts.add(step.calls[0].name if step.calls else step.kind)
    assert firsts
    assert firsts <= names


def test_social_flags_follow_their_faults(runs):
    for run in runs:
        assert run.social["rude"] == (run.fault == "rude reply")
        assert not run.social["leak"] or run.fault in ("leaking reply", "invented rule")


def test_some_faults_are_put_right_and_some_are_not(runs):
    ends = Counter(r.episode.outcome.success for r in runs if -1 in r.verdicts)
    assert ends[True] > 50
    assert ends[False] > 50


def test_no_episode_names_its_fault(runs):
    for run in runs:
        text = json.dumps(run.episode.to_dict()).lower()
        assert not any(fault in text for fault in FAULTS), run.episode.id
