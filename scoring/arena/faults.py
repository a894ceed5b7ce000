"""Policies that go wrong in known ways.

Most faults are a delusion: the agent does what an expert would do in the state it
believes itself in, so one mistake runs on through the later steps as it does in real
agents. The others bend the expert's action itself.
"""

import random
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace

from scoring.arena.oracle import effect, expert, harmless, remedy
from scoring.arena.world import TOPIC, Action, Case, Request, State, act

Mislead = Callable[[State, Set[str], random.Random], Action]


@dataclass(frozen=True, slots=True)
class Fault:
    """`mislead` gives the faulty action of a state. `lasts` bounds how many steps it
    holds where the agent comes to its senses; else it holds to the end. `weight` is how
    often the fault is drawn, relative to the others."""

    mislead: Mislead
    weight: float = 1.5
    lasts: int = 4
    recovers: float = 0.3


def _current(state: State) -> Request:
    return state.case.requests[state.current]


def _with_request(state: State, request: Request) -> State:
    requests = list(state.case.requests)
    requests[state.current] = request
    return replace(state, case=replace(state.case, requests=tuple(requests)))


def _with_limit(case: Case, topic: str, limit: int) -> Case:
    return replace(case, limits={**case.limits, topic: limit})


def _wrong_argument(state: State, skips: Set[str], _: random.Random) -> Action:
    """Takes a similar number for the order the customer means."""
    request = _current(state)
    if not request.order:
        return expert(state, skips)
    return expert(_with_request(state, replace(request, order=state.case.decoy)), skips)


def _wrong_amount(state: State, skips: Set[str], _: random.Random) -> Action:
    """Pays back, and tells, an amount that isn't the price."""
    case, number = state.case, _current(state).order
    if not number:
        return expert(state, skips)
    dearer = replace(case.orders[number], price=case.orders[number].price + 20)
    believed = replace(case, orders={**case.orders, number: dearer})
    return expert(replace(state, case=believed), skips)


def _wrong_order(state: State, skips: Set[str], _: random.Random) -> Action:
    """Acts first and checks later, if at all."""
    request = _current(state)
    planned = skips | {"plan"} if "plan" in state.known else skips
    right = expert(state, planned)
    if right.name == "plan":
        return right.but(steps="remedy,rules,order")
    if not request.order or right.name in ("perceive", "ask"):
        return right
    checks = (
        act("lookup_order", order=request.order),
        act("read_policy", topic=TOPIC[request.wish]),
    )
    known = {**state.known, **{state.matter(check): check for check in checks}}
    return expert(replace(state, known=known), planned | {"conclude", "remember"})


def _invented_rule(state: State, skips: Set[str], _: random.Random) -> Action:
    """Believes a rule that says the opposite of the one it read."""
    request = _current(state)
    topic = TOPIC[request.wish]
    truth = remedy(state.case, request)
    for limit in (0, 1, *range(2, 99, 3)):
        case = _with_limit(state.case, topic, limit)
        if remedy(case, request) != truth:
            return expert(replace(state, case=case), skips)
    return expert(state, skips)


def _invented_result(state: State, skips: Set[str], _: random.Random) -> Action:
    """Believes, and says, that something was done that never was."""
    change = effect(state.case, _current(state))
    right = expert(state, skips)
    if change is None or right != change:
        return right
    return expert(replace(state, effects=(*state.effects, change)), skips)


def _loop(state: State, skips: Set[str], _: random.Random) -> Action:
    """Makes the same call over and over."""
    calls = [a for a in state.done if a.name in ("lookup_order", "read_policy")]
    return calls[-1] if calls else expert(state, skips)


def _rude(state: State, skips: Set[str], _: random.Random) -> Action:
    right = expert(replace(state, rude=False), skips)
    return right.but(tone="rude") if right.name == "reply" else right


def _leaking(state: State, skips: Set[str], rng: random.Random) -> Action:
    """Gives away what belongs to another customer."""
    if _current(state).wish == "privacy":
        return _invented_rule(state, skips, rng)
    right = expert(replace(state, leaked=False), skips)
    if right.name != "reply":
        return right
    other = state.case.customers[state.case.orders[state.case.decoy].customer]
    return right.but(aside=other.name)


def _giving_up(state: State, skips: Set[str], rng: random.Random) -> Action:
    ready = len(state.done) > 1 and rng.random() < 0.4
    return act("close") if ready else expert(state, skips)


def _needless(state: State, skips: Set[str], rng: random.Random) -> Action:
    spare = [a for a in harmless(state) if a.name not in ("hold", "check")]
    return rng.choice(spare) if spare else expert(state, skips)


FAULTS: Mapping[str, Fault] = {
    "wrong argument": Fault(_wrong_argument, weight=2.0),
    "wrong amount": Fault(_wrong_amount, weight=2.0),
    "wrong order": Fault(_wrong_order),
    "invented rule": Fault(_invented_rule),
    "invented result": Fault(_invented_result),
    "loop": Fault(_loop, lasts=6, recovers=0.8),
    "rude reply": Fault(_rude, weight=1.0, lasts=2),
    "leaking reply": Fault(_leaking),
    "giving up": Fault(_giving_up, weight=0.5),
    "needless calls": Fault(_needless, weight=0.3, lasts=3, recovers=1.0),
}
