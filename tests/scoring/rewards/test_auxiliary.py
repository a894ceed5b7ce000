"""What a run costs: tokens, calls, repetition; charges, never pay."""

import pytest

from scoring.rewards import DEFAULT, Spec, named, score
from scoring.rewards.auxiliary import overlong_values, prefix_values, tool_values
from scoring.rewards.repetition import loops, repetition_values, words
from scoring.schema import Call, Step
from tests.scoring.rewards.cases import call, column, run, say

RULE = DEFAULT.auxiliary
PROSE = [f"word{i}" for i in range(14)]


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ([100, 700], [0, 0]),
        ([800], [0]),
        ([900], [-0.5]),
        ([1000], [-1]),
        ([10**9], [-1]),
        ([850, 50, 0], [-0.25, -0.5, -0.5]),
    ],
)
def test_tokens_cost_between_the_soft_and_the_hard_end_of_the_budget(
    used: list[int], expected: list[float]
) -> None:
    assert overlong_values(used, 1000, RULE.tokens) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("calls", "budget", "expected"),
    [
        ([1, 1, 1], 3, [0, 0, 0]),
        ([4], 3, [-1 / 3]),
        ([6, 9], 3, [-1, -1]),
        ([0, 1], 0, [0, -1]),
        ([50], None, [0]),
    ],
)
def test_calls_beyond_the_budget_cost_their_share_of_it(
    calls: list[int], budget: int | None, expected: list[float]
) -> None:
    assert tool_values(calls, budget, RULE.tools) == pytest.approx(expected)


def test_money_and_seconds_are_charged_like_tokens() -> None:
    data = DEFAULT.to_dict()
    for name in ("cost", "seconds"):
        data["components"]["auxiliary"][name]["share"] = 0.1
    times = {"started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:45Z"}
    step = Step(0, text="Slow and dear", cost=2.0, **times)
    meta = {"cost_budget": 2.0, "seconds_budget": 50}
    made = score(run(step, meta=meta), None, Spec.from_dict(data))
    assert made["families"]["auxiliary"]["raw"] == pytest.approx(-0.1 - 0.1 * 0.5)


@pytest.mark.parametrize(
    ("started", "ended"),
    [
        (None, "2026-01-01T00:00:00"),
        ("yesterday", "today"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:09Z"),
    ],
)
def test_a_time_nobody_can_tell_is_flagged(started: str | None, ended: str) -> None:
    step = Step(0, text="Hm", started_at=started, ended_at=ended)
    made = score(run(step, meta={"seconds_budget": 1}), None)
    assert "seconds_unknown" in made["steps"][0]["flags"]


def test_without_a_budget_length_is_free() -> None:
    episode = run(*(say(f"part {i}", tokens=10**6) for i in range(5)))
    assert prefix_values(episode, RULE) == [0.0] * 5


def test_a_budget_of_the_episode_goes_before_the_specs() -> None:
    steps = [call("search", {"q": word}) for word in PROSE[:3]]
    spec = named("tool_agent")
    assert column(score(run(*steps), None, spec), "auxiliary") == [0.0] * 3
    tight = run(*steps, meta={"tool_budget": 2})
    assert column(score(tight, None, spec), "auxiliary") == pytest.approx(
        [0, 0, -0.15 * 0.4 * 0.5]
    )


@pytest.mark.parametrize("text", ["no", "no no no no no no", "ok ok", "…", "好好好好"])
def test_a_single_short_step_is_never_charged_for_itself(text: str) -> None:
    assert prefix_values(run(say(text)), RULE) == [0.0]


def test_a_long_babble_is_charged_within_its_own_step() -> None:
    [value] = prefix_values(run(say("again and " * 200)), RULE)
    assert value == pytest.approx(-0.2 * (398 - 2) / 398)


def test_words_of_an_earlier_step_cost_their_share() -> None:
    rule = RULE.repetition
    grams = len(PROSE) - rule.n + 1
    values = repetition_values([[PROSE], [PROSE]], rule)
    assert values == [0.0, pytest.approx(-grams / rule.least)]


def test_the_same_call_over_and_over_costs_more_each_time() -> None:
    episode = run(*(call("ping") for _ in range(6)))
    cost = column(score(episode, None), "auxiliary")
    assert cost[0] == 0.0
    assert all(charge < 0 for charge in cost[1:])


def test_order_of_keys_does_not_hide_a_repeated_call() -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert words(call("f", one)) == words(call("f", other))
    assert loops(run(call("f", one), call("f", other), call("f", one))) == [
        *(False, False, True)
    ]


def test_passages_are_counted_apart() -> None:
    step = Step(0, thought="one two", text="three", calls=(Call("go", {"to": "four"}),))
    assert words(step) == [["one", "two", "three"], ["go", "to", "four"]]


def test_a_budget_nobody_counted_against_is_flagged() -> None:
    episode = run(say("one"), say("two", tokens=5), meta={"token_budget": 100})
    flags = [step["flags"] for step in score(episode, None)["steps"]]
    assert flags == [["carry_forward", "token_unknown"], ["carry_forward"]]
