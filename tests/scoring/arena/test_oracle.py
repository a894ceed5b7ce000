"""The oracle never contradicts itself: its own way always leads to success."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.arena import State, act, expert, options, succeeded, verdict
from scoring.arena.oracle import OPTIONAL, harmless, in_trouble
from scoring.arena.tasks import case
from scoring.arena.world import EFFECTS, transition

MOST_STEPS = 60


def blunders(state: State) -> list:
    """Wrong things within an agent's reach, whatever the state."""
    decoy = state.case.decoy
    return [
        act("perceive", order=decoy, wish="return"),
        act("plan", topic="returns", steps="remedy,rules,order"),
        act("lookup_order", order=decoy),
        act("lookup_order", order="nonsense"),
        act("lookup_customer", customer="C-0"),
        act("conclude", order=decoy, fact=1, limit=2, remedy="refund"),
        act("remember", key="returns limit", value=999),
        act("refund", order=decoy, amount=1),
        act("escalate", order=state.case.requests[0].order, team="carrier"),
        act("reverse", kind="refund", order=state.case.requests[0].order),
        act("reply", order=decoy, remedy="refund", detail=1, tone="rude"),
        act("reply", order="", remedy="refuse", detail="", aside=_stranger(state)),
        act("check", fits="no"),
        act("check", fits="yes"),
    ]


def _stranger(state: State) -> str:
    return next(
        c.name for c in state.case.customers.values() if c.id != state.case.writer
    )


def walk(state: State, rng: random.Random, steps: int) -> State:
    """A drunken walk: anything but closing the ticket."""
    for _ in range(steps):
        choices = [*options(state), *harmless(state), *blunders(state)]
        choices = [action for action in choices if action.name != "close"]
        state, _ = transition(state, rng.choice(choices))
    return state


@settings(max_examples=60, deadline=None)
@given(
    index=st.integers(0, 10_000), seed=st.integers(0, 10_000), steps=st.integers(0, 9)
)
def test_from_any_open_state_any_right_actions_lead_to_success(index, seed, steps):
    rng = random.Random(seed)
    state = walk(State(case(0, index)), rng, steps)
    for _ in range(MOST_STEPS):
        if state.closed:
            break
        state, _ = transition(state, rng.choice(options(state)))
    assert succeeded(state)


@pytest.mark.parametrize("skips", [frozenset(), OPTIONAL], ids=["all", "least"])
def test_the_expert_always_succeeds_and_ends_out_of_trouble(skips):
    for index in range(100):
        state = State(case(1, index))
        while not state.closed:
            state, _ = transition(state, expert(state, skips))
        assert succeeded(state)
        assert not in_trouble(state)
        assert len(state.done) <= 20


@settings(max_examples=40, deadline=None)
@given(index=st.integers(0, 10_000), seed=st.integers(0, 10_000))
def test_right_and_harmless_never_overlap(index, seed):
    state = walk(State(case(0, index)), random.Random(seed), 6)
    assert not set(options(state)) & set(harmless(state))


def first_case(wish: str) -> State:
    """The first one-wish case of a kind whose order is named from the start."""
    for index in range(500):
        found = case(0, index)
        wishes = [request.wish for request in found.requests]
        if wishes == [wish] and found.requests[0].stated:
            return State(found)
    raise AssertionError(wish)


def after(state: State, *names: str) -> State:
    """The state after the right actions of these names."""
    for name in names:
        action = next(a for a in options(state) if a.name == name)
        state, _ = transition(state, action)
    return state


def test_looking_at_the_order_is_right_once_idle_twice_then_a_loop():
    state = first_case("return")
    look = act("lookup_order", order=state.case.requests[0].order)
    verdicts = []
    for _ in range(4):
        verdicts.append(verdict(state, look))
        state, _ = transition(state, look)
    assert verdicts == [1, 0, -1, -1]


def test_a_similar_order_number_is_wrong():
    state = first_case("return")
    assert verdict(state, act("lookup_order", order=state.case.decoy)) == -1


def after_customer(state: State) -> State:
    needed = any(action.name == "lookup_customer" for action in options(state))
    return after(state, "lookup_customer") if needed else state


def test_the_right_refund_is_wrong_before_the_rules_are_read_and_when_repeated():
    state = first_case("mixed up")
    early = after(state, "lookup_order")
    checked = after(early, "read_policy")
    remedy = next(a for a in options(after_customer(checked)) if a.name in EFFECTS)
    assert verdict(early, remedy) == -1
    assert verdict(after_customer(checked), remedy) == 1
    done, _ = transition(after_customer(checked), remedy)
    assert verdict(done, remedy) == -1


def test_a_privacy_request_is_refused_and_the_other_file_stays_closed():
    state = first_case("privacy")
    other = state.case.requests[0].other
    assert verdict(state, act("lookup_customer", customer=other)) == -1
    state = after(state, "read_policy")
    assert verdict(state, act("reply", order="", remedy="refuse", detail="")) == 1


def test_a_leak_is_seen_and_can_be_reported():
    state = first_case("privacy")
    address = state.case.customers[state.case.requests[0].other].address
    reply = act("reply", order="", remedy="disclose", detail=address)
    assert verdict(state, reply) == -1
    leaked, _ = transition(state, reply)
    assert leaked.leaked
    assert verdict(leaked, act("report_incident", about="privacy")) == 1


def test_the_right_answer_said_rudely_is_wrong_and_calls_for_an_apology():
    state = after(first_case("privacy"), "read_policy")
    reply = next(a for a in options(state) if a.name == "reply").but(tone="rude")
    assert verdict(state, reply) == -1
    rude, _ = transition(state, reply)
    assert verdict(rude, act("apologise")) == 1


def test_a_wrong_refund_can_be_taken_back():
    state = after(first_case("return"), "lookup_order", "read_policy")
    wrong, _ = transition(state, act("refund", order=state.case.decoy, amount=1))
    undo = act("reverse", kind="refund", order=state.case.decoy)
    assert in_trouble(wrong)
    assert verdict(wrong, undo) == 1
    assert transition(wrong, undo)[0].effects == ()


def test_closing_early_is_wrong_and_fails():
    state = first_case("return")
    assert verdict(state, act("close")) == -1
    closed, _ = transition(state, act("close"))
    assert closed.closed
    assert not succeeded(closed)
    assert options(closed) == ()


def test_a_first_request_answered_unasked_can_still_be_asked_about():
    cases = (case(0, index) for index in range(100))
    found = next(c for c in cases if len(c.requests) == 2 and not c.requests[0].stated)
    hasty = act("reply", order="", remedy="wait", detail="")
    state, _ = transition(State(found), hasty)
    assert verdict(state, act("ask")) == 1
    assert found.requests[0].order in transition(state, act("ask"))[1]
