"""Order rules against what they say in words, on random histories of tool calls."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rewards import DEFAULT, Spec, score
from scoring.rewards.order import broken
from scoring.rewards.rules import Order
from scoring.schema import Call, Episode, Prediction, Step
from tests.scoring.rewards.cases import PROVEN, column, run

# a step calls nothing, or up to three tools; letters are tools
_step = st.text("abc", max_size=3).map(
    lambda names: Step(0, text="hm", calls=tuple(Call(name) for name in names))
)
histories = st.lists(_step, min_size=1, max_size=6).map(lambda steps: run(*steps))
SAFETY = (Order("precedence", "a", "b"), Order("at_most_once", "c"))
RESPONSE = Order("response", "a", "b")


def story(episode: Episode, until: int) -> str:
    """The calls of steps 0..until, in order."""
    steps = episode.steps[: until + 1]
    return "".join(call.name for step in steps for call in step.calls)


def charged(episode: Episode, *rules: Order) -> set[int]:
    return {step for step, _ in broken(episode, rules)}


def too_early(episode: Episode, t: int) -> bool:
    """Step t calls b, and a was never called before it."""
    before, now = story(episode, t - 1) if t else "", story(episode, t)
    return any(
        now[i] == "b" and "a" not in now[:i] for i in range(len(before), len(now))
    )


def once_too_often(episode: Episode, t: int) -> bool:
    before = story(episode, t - 1).count("c") if t else 0
    return story(episode, t).count("c") > max(before, 1)


@pytest.mark.parametrize(
    ("rule", "breaks"), [*zip(SAFETY, (too_early, once_too_often), strict=True)]
)
@PROVEN
@given(episode=histories)
def test_15_a_safety_rule_is_charged_exactly_where_it_is_broken(
    episode: Episode, rule: Order, breaks: Callable[[Episode, int], bool]
) -> None:
    steps = range(len(episode.steps))
    assert charged(episode, rule) == {t for t in steps if breaks(episode, t)}


@PROVEN
@given(histories, st.integers(0, 5))
def test_15_what_follows_changes_no_charge_of_a_safety_rule(
    episode: Episode, end: int
) -> None:
    end = min(end, len(episode.steps) - 1)
    prefix = replace(episode, steps=episode.steps[: end + 1])
    whole = charged(episode, *SAFETY)
    assert charged(prefix, *SAFETY) == {t for t in whole if t <= end}


@PROVEN
@given(histories)
def test_15_an_unanswered_call_is_charged_at_the_end_and_nowhere_else(
    episode: Episode,
) -> None:
    told = story(episode, len(episode.steps))
    open_ = "a" in told and "b" not in told[told.rindex("a") :]
    assert charged(episode, RESPONSE) == ({len(episode.steps) - 1} if open_ else set())


def _spec() -> Spec:
    data = DEFAULT.to_dict()
    data["components"]["process"]["order"] = [
        {"rule": "precedence", "first": "a", "then": "b"},
        {"rule": "at_most_once", "first": "c"},
        {"rule": "response", "first": "a", "then": "b"},
    ]
    return Spec.from_dict(data)


SPEC = _spec()


@PROVEN
@given(histories)
def test_15_the_first_broken_rule_takes_the_whole_process_family(
    episode: Episode,
) -> None:
    size, nothing = len(episode.steps), (None,) * len(episode.steps)
    trusted = Prediction((1.0,) * size, (0.0,) * size, nothing, nothing)
    cells = column(score(episode, trusted, SPEC), "process")
    first = min(charged(episode, *SAFETY, RESPONSE), default=None)
    assert cells == [-0.2 if t == first else 0.0 for t in range(size)]
