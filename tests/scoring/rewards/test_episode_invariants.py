"""The invariants that depend on reading an episode, not only on its numbers."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rewards import DEFAULT, Spec, score
from scoring.schema import Call, Episode, Step, Tokens
from tests.scoring.rewards.cases import PROVEN, cells, run

# a small world, so that repeats, budgets, rules and violations all happen often
_TEXTS = ("", "Let me look that up", "Shall I?", "AKIA" + "A" * 16)
_CALLS = (
    (),
    (Call("look_up", {"order": 7}),),
    (Call("refund", {"order": "x"}), Call("look_up")),
    (Call("refund", '{"'),),
    (Call("bash", {"command": "rm -rf /"}),),
)
_USED = (None, Tokens(outputs=0), Tokens(outputs=35))
_STEPS = [
    Step(0, text=text, thought="hm", observation=seen, calls=calls, tokens=used)
    for text, calls, used, seen in product(_TEXTS, _CALLS, _USED, ("", "yes"))
]
_META = {
    "token_budget": 100,
    "tool_budget": 3,
    "tools": [
        {"name": "refund", "parameters": {"properties": {"order": {"type": "integer"}}}}
    ],
}
histories = st.lists(st.sampled_from(_STEPS), min_size=1, max_size=5).map(
    lambda steps: run(*steps, meta=_META)
)
extra = st.integers(1, 50)


def _spec(**shares: float) -> Spec:
    data = DEFAULT.to_dict()
    data["components"]["process"]["order"] = [
        {"rule": "precedence", "first": "look_up", "then": "refund"},
        {"rule": "at_most_once", "first": "bash"},
    ]
    for part, share in shares.items():
        data["components"]["auxiliary"][part]["share"] = share
    return Spec.from_dict(data)


SPEC = _spec()
# new words dilute the share of repeated ones, so calls are counted without it
CALLS_ONLY = _spec(repetition=0)


def total(episode: Episode, spec: Spec = SPEC) -> float:
    return float(score(episode, None, spec)["total"])


def with_step(episode: Episode, step: Step) -> Episode:
    steps = [*episode.steps]
    steps[step.index] = step
    return replace(episode, steps=tuple(steps))


@PROVEN
@given(histories, st.integers(0, 4))
def test_5_a_prefix_scores_as_it_does_inside_the_whole(
    episode: Episode, cut: int
) -> None:
    kept = 1 + cut % len(episode.steps)
    prefix = replace(episode, steps=episode.steps[:kept])
    part, whole = cells(score(prefix, None, SPEC)), cells(score(episode, None, SPEC))
    for before, after in zip(part, whole, strict=False):
        assert [before[c] for c in (1, 2, 4)] == [after[c] for c in (1, 2, 4)]


@PROVEN
@given(histories, st.integers(0, 4), extra)
def test_4_more_tokens_never_pay(episode: Episode, place: int, more: int) -> None:
    step = episode.steps[place % len(episode.steps)]
    used = (step.tokens.outputs or 0) if step.tokens else 0
    wordy = with_step(episode, replace(step, tokens=Tokens(outputs=used + more)))
    assert total(wordy) <= total(episode) + 1e-9


@PROVEN
@given(histories, st.integers(0, 4), extra)
def test_4_more_calls_never_pay(episode: Episode, place: int, more: int) -> None:
    step = episode.steps[place % len(episode.steps)]
    calls = (*step.calls, *[Call("ask", {"about": str(n)}) for n in range(more)])
    busy = with_step(episode, replace(step, calls=calls))
    assert total(busy, CALLS_ONLY) <= total(episode, CALLS_ONLY) + 1e-9


@PROVEN
@given(histories, st.integers(0, 4))
def test_4_doing_a_step_again_never_pays(episode: Episode, place: int) -> None:
    step = episode.steps[place % len(episode.steps)]
    again = run(*episode.steps, step, meta=_META)
    assert total(again) <= total(episode) + 1e-9


@PROVEN
@given(histories)
def test_1_to_3_hold_for_episodes(episode: Episode) -> None:
    made = score(episode, None, SPEC)
    assert sum(map(sum, cells(made))) == pytest.approx(made["total"], abs=1e-9)
    margin = SPEC.margin()
    low, high = margin.unsafe if made["gate"]["penalty"] else margin.safe
    assert low - 1e-9 <= made["total"] <= high + 1e-9
