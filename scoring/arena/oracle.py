"""What is right in every state: the goals of a case, true verdicts, an expert.

A goal is an action that would be right, sooner or later. It is *ready* when all it
rests on has been checked, and *due* when the task still needs it. Hence the verdicts:
ready and due moves on (+1), ready but not due is harmless (0), all else wrong (-1).
"""

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass

from scoring.arena.world import TOPIC, Action, Case, Request, State, act

# An expert may do without these; what is left always suffices.
OPTIONAL = frozenset({"perceive", "plan", "remember", "recall", "conclude", "check"})
_ALL = frozenset[str]()


@dataclass(frozen=True, slots=True)
class Goal:
    action: Action
    ready: bool = True
    due: bool = False


def options(state: State) -> tuple[Action, ...]:
    """All actions that move the task on, the expert's first choice first. Empty only
    once the ticket is closed."""
    return tuple(goal.action for goal in goals(state) if goal.ready and goal.due)


def harmless(state: State) -> tuple[Action, ...]:
    """Actions that neither help nor hurt; done twice already, they are a loop."""
    right = set(options(state))  # idle for one request may be due for the other
    spare = (goal.action for goal in goals(state) if goal.ready and not goal.due)
    return tuple(a for a in spare if a not in right and state.done.count(a) < 2)


def verdict(state: State, action: Action) -> int:
    """+1 moves the task on, 0 neither, -1 wrong, judged by what can be seen so far."""
    if action in options(state):
        return 1
    return 0 if action in harmless(state) else -1


def expert(state: State, skips: Set[str] = _ALL) -> Action:
    """The first option, leaving out optional ones named in `skips`."""
    return next(a for a in options(state) if a.name not in skips & OPTIONAL)


def succeeded(state: State) -> bool:
    """Closed, every wish told its true remedy, and exactly the right effects stand."""
    return state.closed and _settled(state)


def in_trouble(state: State) -> bool:
    """Whether something taken for true, said or done is wrong and still stands."""
    known = state.known
    return (
        bool(_wrong_effects(state))
        or (state.rude and "apologise" not in known)
        or (state.leaked and "report_incident" not in known)
        or any(
            known.get(state.matter(goal.action), goal.action) != goal.action
            for goal in _work(state)
        )
    )


def goals(state: State) -> Iterator[Goal]:
    """Every right action in the state, in the order an expert would take them."""
    if state.closed:
        return
    yield from _reviews(state)
    yield from _repairs(state)
    yield from _work(state)
    yield from _extras(state)
    settled = _settled(state)
    yield Goal(act("close"), ready=settled, due=settled)


def remedy(case: Case, request: Request) -> str:
    """What the rules give for a wish."""
    fact, limit = evidence(case, request)
    if request.wish == "return":
        return "refund" if fact <= limit else "decline"
    if request.wish == "missing":
        return "escalate" if fact > limit else "wait"
    if request.wish == "privacy":
        return "disclose" if limit else "refuse"
    return "replace" if fact > limit else "refund"


def evidence(case: Case, request: Request) -> tuple[int, int]:
    """The number in the order and the number in the rule that decide a wish."""
    topic = TOPIC[request.wish]
    if topic == "privacy":
        return 0, case.limits[topic]
    order = case.orders[request.order]
    return (order.stock if topic == "exchanges" else order.days), case.limits[topic]


def effect(case: Case, request: Request) -> Action | None:
    """What must be done in the shop's systems, None where telling is all."""
    kind = remedy(case, request)
    if kind == "refund":
        amount = case.orders[request.order].price
        return act("refund", order=request.order, amount=amount)
    if kind == "replace":
        address = case.customers[case.writer].address
        return act("replace", order=request.order, address=address)
    if kind == "escalate":
        return act("escalate", order=request.order, team="carrier")
    return None


def _reviews(state: State) -> Iterator[Goal]:
    trouble = in_trouble(state)
    doubted = "check:no" in state.known
    yield Goal(act("check", fits="no"), ready=trouble, due=not doubted)
    request = state.case.requests[state.current]
    fresh = "check:yes" not in state.known and not _told(state, state.current)
    acted = effect(state.case, request) in state.effects
    yield Goal(act("check", fits="yes"), ready=not trouble, due=fresh and acted)


def _repairs(state: State) -> Iterator[Goal]:
    sorry = state.rude and "apologise" not in state.known
    yield Goal(act("apologise"), ready=sorry, due=sorry)
    breach = state.leaked and "report_incident" not in state.known
    yield Goal(act("report_incident", about="privacy"), ready=breach, due=breach)
    for wrong in _wrong_effects(state):
        yield Goal(act("reverse", kind=wrong.name, order=wrong.get("order")), due=True)


def _work(state: State) -> Iterator[Goal]:
    for index in range(state.revealed):
        yield from _preparation(state, index)
        yield from _resolution(state, index)


def _preparation(state: State, index: int) -> Iterator[Goal]:
    case, request = state.case, state.case.requests[index]
    named = _is_named(state, index)
    open_ = not _served(state, index)
    look = act("lookup_order", order=request.order)
    read = act("read_policy", topic=TOPIC[request.wish])
    order = request.order if named else ""
    started = f"lookup_order@{index}" in state.known or _is_done(state, read)
    early = open_ and not started
    heard = act("perceive", order=order, wish=request.wish)
    plan = act("plan", topic=TOPIC[request.wish], steps="order,rules,remedy")
    yield Goal(heard, due=early and not _is_done(state, heard))
    if index == 0:
        yield Goal(plan, due=early and not _is_done(state, plan))
    if request.order:
        yield Goal(act("ask"), ready=not named or index == state.current, due=not named)
        yield Goal(look, ready=named, due=open_ and not _is_done(state, look))
    yield Goal(read, due=open_ and not _is_done(state, read))
    yield from _memory(state, index)
    yield _customer(state, case, request, open_)


def _memory(state: State, index: int) -> Iterator[Goal]:
    topics = [TOPIC[request.wish] for request in state.case.requests]
    first = topics[0]
    note = act("remember", key=f"{first} limit", value=state.case.limits[first])
    useful = len(topics) == 2 and topics[0] == topics[1]
    noted = _is_done(state, note)
    if index == 0:
        read = f"read_policy:{first}" in state.known and first != "privacy"
        due = useful and not noted and not _told(state, 0)
        yield Goal(note, ready=read, due=due)
    else:
        late = {"recall", "conclude@1", "reply@1"} & set(state.known)
        due = useful and noted and not late
        yield Goal(act("recall", key=f"{first} limit"), due=due)


def _customer(state: State, case: Case, request: Request, open_: bool) -> Goal:
    kind = remedy(case, request)
    who = act("lookup_customer", customer=_whose(case, request))
    needed = kind in ("replace", "disclose") and not _is_done(state, who)
    return Goal(who, due=open_ and needed and _is_checked(state, request))


def _whose(case: Case, request: Request) -> str:
    return request.other if remedy(case, request) == "disclose" else case.writer


def _resolution(state: State, index: int) -> Iterator[Goal]:
    case, request = state.case, state.case.requests[index]
    checked = _is_checked(state, request) and _is_named(state, index)
    told, kind = _told(state, index), remedy(case, request)
    fact, limit = evidence(case, request)
    conclusion = act(
        "conclude", order=request.order, fact=fact, limit=limit, remedy=kind
    )
    due = not told and not _is_done(state, conclusion)
    yield Goal(conclusion, ready=checked, due=due)
    change = effect(case, request)
    missing = change is not None and change not in state.effects
    addressed = kind not in ("replace", "disclose") or _is_done(
        state, act("lookup_customer", customer=_whose(case, request))
    )
    if change is not None and missing:
        yield Goal(change, ready=checked and addressed, due=True)
    clean = checked and addressed and not missing and not _wrong_effects(state)
    yield Goal(_reply(case, request), ready=clean, due=not told)


def _reply(case: Case, request: Request) -> Action:
    kind = remedy(case, request)
    detail: str | int = ""
    if kind == "refund":
        detail = case.orders[request.order].price
    elif kind in ("replace", "disclose"):
        detail = case.customers[_whose(case, request)].address
    return act("reply", order=request.order, remedy=kind, detail=detail)


def _extras(state: State) -> Iterator[Goal]:
    needed = {TOPIC[request.wish] for request in state.case.requests}
    for topic in sorted(set(state.case.limits) - needed):
        yield Goal(act("read_policy", topic=topic))
    yield Goal(act("hold"))


def _is_named(state: State, index: int) -> bool:
    return state.case.requests[index].stated or f"ask@{index}" in state.known


def _is_done(state: State, action: Action) -> bool:
    return state.known.get(state.matter(action)) == action


def _is_checked(state: State, request: Request) -> bool:
    read = _is_done(state, act("read_policy", topic=TOPIC[request.wish]))
    look = act("lookup_order", order=request.order)
    return read and (not request.order or _is_done(state, look))


def _told(state: State, index: int) -> bool:
    reply = _reply(state.case, state.case.requests[index])
    return state.known.get(f"reply@{index}") == reply


def _served(state: State, index: int) -> bool:
    change = effect(state.case, state.case.requests[index])
    return _told(state, index) and (change is None or change in state.effects)


def _settled(state: State) -> bool:
    served = all(_served(state, i) for i in range(len(state.case.requests)))
    return served and not _wrong_effects(state)


def _wrong_effects(state: State) -> list[Action]:
    right = (effect(state.case, r) for r in state.case.requests[: state.revealed])
    wanted = Counter(change for change in right if change is not None)
    return list((Counter(state.effects) - wanted).elements())
