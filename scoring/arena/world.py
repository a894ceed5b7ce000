"""The help desk as a POMDP: hidden state, actions, and a pure transition.

A `Case` is what is true (database, rules, what the customer wants); a `State` adds what
the agent has done about it. `transition(state, action)` touches nothing and draws no
random numbers, so a state kept anywhere can be continued from, any number of times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

EFFECTS = ("refund", "replace", "escalate")
MESSAGES = ("ask", "hold", "reply", "apologise")
KIND = {
    "perceive": "perception",
    "plan": "planning",
    "conclude": "reasoning",
    "remember": "memory",
    "recall": "memory",
    "check": "reflection",
    **dict.fromkeys(MESSAGES, "message"),
    **dict.fromkeys(EFFECTS, "tool"),
    **dict.fromkeys(("lookup_order", "lookup_customer", "read_policy"), "tool"),
    **dict.fromkeys(("reverse", "report_incident", "close"), "tool"),
}
TOPIC = {
    "return": "returns",
    "broken": "exchanges",
    "mixed up": "exchanges",
    "missing": "delivery",
    "privacy": "privacy",
}
THOUGHTS = ("perceive", "plan", "conclude", "check")
_PER_REQUEST = ("perceive", "ask", "lookup_order", "conclude", "reply")
_MANNERS = ("tone", "aside")
_RULES = {
    "returns": "Money back within {} days of delivery; later requests are declined.",
    "exchanges": "A broken or wrong item is replaced while more than {} are in stock, "
    "otherwise refunded.",
    "delivery": "More than {} days without a scan: escalate to the carrier desk. "
    "Until then the customer waits.",
}
_PRIVACY = ("Never share a customer's data with others.", "Sharing is allowed.")
_THANKS = ("Thank you, that is all.", "All right, thanks.", "Okay, good to know.")


@dataclass(frozen=True, slots=True)
class Action:
    """What an agent does, without its wording: a name and sorted arguments."""

    name: str
    arguments: tuple[tuple[str, str | int], ...] = ()

    def get(self, key: str) -> str | int:
        return dict(self.arguments).get(key, "")

    def but(self, **changes: str | int) -> "Action":
        return act(self.name, **{**dict(self.arguments), **changes})

    @property
    def content(self) -> "Action":
        """The action without its manners: a rude answer may still be the right one."""
        kept = (pair for pair in self.arguments if pair[0] not in _MANNERS)
        return Action(self.name, tuple(kept))


def act(name: str, **arguments: str | int) -> Action:
    return Action(name, tuple(sorted(arguments.items())))


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    name: str
    email: str
    address: str


@dataclass(frozen=True, slots=True)
class Order:
    """`days` since delivery, or since the last scan of a parcel under way."""

    id: str
    customer: str
    item: str
    shipped: str
    price: int
    delivered: bool
    days: int
    stock: int


@dataclass(frozen=True, slots=True)
class Request:
    """One wish of the customer, in their words. `stated` says whether these words name
    the order; `other` is the customer whose data a privacy wish is after."""

    wish: str
    order: str
    text: str
    stated: bool = True
    other: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What is true. `limits` holds the number in each topic's rule; `decoy` is an order
    of somebody else whose number looks much like the customer's."""

    writer: str
    task: str
    customers: Mapping[str, Customer]
    orders: Mapping[str, Order]
    limits: Mapping[str, int]
    requests: tuple[Request, ...]
    decoy: str


@dataclass(frozen=True, slots=True)
class State:
    """The full hidden state. `known` maps each matter to the last action about it,
    `effects` are the refunds, replacements and escalations that stand."""

    case: Case
    known: Mapping[str, Action] = field(default_factory=dict)
    effects: tuple[Action, ...] = ()
    done: tuple[Action, ...] = ()
    rude: bool = False
    leaked: bool = False
    closed: bool = False

    @property
    def revealed(self) -> int:
        """How many of the requests the customer has brought up so far."""
        return min(self._answered + 1, len(self.case.requests))

    @property
    def current(self) -> int:
        return self.revealed - 1

    @property
    def _answered(self) -> int:
        return sum(f"reply@{i}" in self.known for i in range(len(self.case.requests)))

    def matter(self, action: Action) -> str:
        """The key of `known` that the action writes."""
        if action.name in _PER_REQUEST:
            return f"{action.name}@{self._subject(action)}"
        if action.name == "read_policy":
            return f"read_policy:{action.get('topic')}"
        return f"check:{action.get('fits')}" if action.name == "check" else action.name

    @property
    def unnamed(self) -> int:
        """The request a question for the order number is about."""
        for index, request in enumerate(self.case.requests[: self.revealed]):
            if not request.stated and f"ask@{index}" not in self.known:
                return index
        return self.current

    def _subject(self, action: Action) -> int:
        if action.name == "ask":
            return self.unnamed
        orders = [request.order for request in self.case.requests[: self.revealed]]
        order = action.get("order")
        return orders.index(str(order)) if order and order in orders else self.current


def transition(state: State, action: Action) -> tuple[State, str]:
    """The state after the action and what the agent gets to see of it: a tool's result,
    the customer's answer, or nothing after a thought."""
    known = {**state.known, state.matter(action): action.content}
    if action.name == "reply":  # said anew, so it may be doubted anew
        known.pop("check:no", None)
    if action.name == "ask":  # what was heard before the customer said more is stale
        known.pop(f"perceive@{state.unnamed}", None)
    after = replace(state, known=known, done=(*state.done, action))
    if action.name in MESSAGES:
        return _say(state, after, action)
    if action.name in THOUGHTS:
        return after, ""
    return _apply(after, action), _result(state, action)


def _say(before: State, after: State, action: Action) -> tuple[State, str]:
    rude = action.get("tone") == "rude"
    leaked = _gives_away(before.case, action)
    known = dict(after.known)
    if rude:
        known.pop("apologise", None)
    if leaked:
        known.pop("report_incident", None)
    after = replace(
        after, known=known, rude=before.rude or rude, leaked=before.leaked or leaked
    )
    return after, _answer(before, after, action)


def _gives_away(case: Case, action: Action) -> bool:
    said = {action.get("detail"), action.get("aside")}
    return any(
        said & {other.address, other.name}
        for other in case.customers.values()
        if other.id != case.writer
    )


def _answer(before: State, after: State, action: Action) -> str:
    if action.name == "ask":
        order = before.case.requests[before.unnamed].order
        return f"It is order {order}." if order else "I have told you everything."
    if action.name != "reply":
        return "Okay."
    if after.revealed > before.revealed:
        return after.case.requests[after.current].text
    return _THANKS[len(before.done) % len(_THANKS)]


def _apply(state: State, action: Action) -> State:
    if action.name in EFFECTS:
        return replace(state, effects=(*state.effects, action))
    if action.name == "reverse":
        return replace(state, effects=_without(state.effects, action))
    return replace(state, closed=state.closed or action.name == "close")


def _without(effects: tuple[Action, ...], action: Action) -> tuple[Action, ...]:
    undone = (action.get("kind"), action.get("order"))
    for i, effect in enumerate(effects):
        if (effect.name, effect.get("order")) == undone:
            return effects[:i] + effects[i + 1 :]
    return effects


def _result(state: State, action: Action) -> str:
    if action.name == "lookup_order":
        return _describe_order(state.case, str(action.get("order")))
    if action.name == "lookup_customer":
        return _describe_customer(state.case, str(action.get("customer")))
    if action.name == "read_policy":
        return rule(state.case, str(action.get("topic")))
    if action.name == "recall":
        note = state.known.get("remember")
        return str(note.get("value")) if note else "nothing stored"
    return "ok"


def rule(case: Case, topic: str) -> str:
    limit = case.limits[topic]
    return _PRIVACY[limit] if topic == "privacy" else _RULES[topic].format(limit)


def _describe_order(case: Case, number: str) -> str:
    order = case.orders.get(number)
    if order is None:
        return f"no order {number}"
    fate = "delivered" if order.delivered else "in transit, last scan"
    return (
        f"{order.item} ({order.shipped} shipped), {order.price} EUR, {order.customer}, "
        f"{fate} {order.days} days ago, {order.stock} in stock"
    )


def _describe_customer(case: Case, number: str) -> str:
    customer = case.customers.get(number)
    if customer is None:
        return f"no customer {number}"
    return f"{customer.name}, {customer.email}, {customer.address}"
