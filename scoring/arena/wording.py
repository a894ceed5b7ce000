"""How actions sound. The same sentences carry right and wrong actions alike, so that
telling them apart takes reading the numbers and what was looked up, not the wording."""

import random

from scoring.arena.world import THOUGHTS, Action

_AIM = {
    "return": "money back",
    "broken": "help with a broken item",
    "mixed up": "the item that was ordered",
    "missing": "to know where the parcel is",
    "privacy": "another person's data",
}
_STAGES = {"order": "look at the order", "rules": "read the {topic} rules"}
_FACT = {
    "refund": "a refund is due",
    "decline": "no refund is due",
    "replace": "a replacement is due",
    "escalate": "the carrier desk has to step in",
    "wait": "the customer has to wait",
    "refuse": "this must not be shared",
    "disclose": "this may be shared",
}
_TOLD = {
    "refund": "order {order} has been refunded: {detail} EUR are on their way",
    "decline": "order {order} is past the time for returns, so there is no refund",
    "replace": "a replacement for order {order} goes to {detail}",
    "escalate": "the carrier desk is now searching for order {order}",
    "wait": "order {order} is still on its way, please give it a few more days",
    "refuse": "we cannot share another person's data",
    "disclose": "here is what we have on file: {detail}",
}
_PLAIN = {
    "lookup_order": ("Look at order {order}.", "Open order {order}.", "Get {order}."),
    "lookup_customer": ("Open customer {customer}.", "Look at customer {customer}."),
    "read_policy": ("Read the {topic} rules.", "See what the {topic} rules say."),
    "refund": ("Refund {amount} EUR for order {order}.", "Pay back {amount} EUR."),
    "replace": ("Send order {order} again to {address}.", "Replace order {order}."),
    "escalate": ("Pass order {order} to the {team} desk.", "The {team} desk takes it."),
    "reverse": ("Undo the {kind} of order {order}.", "Take back the {kind}."),
    "report_incident": ("Report this to the {about} team.",),
    "remember": ("Note the {key}: {value}.", "Keep in mind: {key} {value}."),
    "recall": ("What was the {key}?", "Fetch the note on the {key}."),
    "close": ("Close the ticket.", "This ticket can be closed.", "Done, close it."),
    "ask": ("Which order is this about?", "Could you give me the order number?"),
    "hold": ("One moment please.", "I am looking into it.", "Thanks for waiting."),
    "apologise": ("I am sorry for my tone.", "Please excuse how I put that."),
}
_PLANS = (
    "First {0}, then {1}, then {2}.",
    "Plan: {0}; {1}; {2}.",
    "I will {0}, after that {1} and {2}.",
)
_REFLECTIONS = {
    "yes": (
        "Looking back, this fits the request and the rules.",
        "Check: all of this agrees with the request.",
    ),
    "no": (
        "Looking back, this does not fit the request and the rules.",
        "Check: not all of this agrees with the request.",
    ),
}
_POLITE = ("", "Thank you for writing, ", "Happy to help: ", "To answer you: ")
_RUDE = (
    "You could have read the rules yourself: ",
    "As anyone would know, ",
    "We have better things to do than this: ",
    "If I really have to spell it out, ",
)


def word(action: Action, rng: random.Random) -> tuple[str, str]:
    """The (thought, text) of an action: a thought for what the agent does or thinks, a
    text for what it says to the customer."""
    if action.name in ("reply", "ask", "hold", "apologise"):
        return "", _said(action, rng)
    return _thought(action, rng), ""


def _thought(action: Action, rng: random.Random) -> str:
    if action.name in THOUGHTS:
        return _THINK[action.name](action, rng)
    return _fill(action, rng)


def _fill(action: Action, rng: random.Random) -> str:
    return rng.choice(_PLAIN[action.name]).format(**dict(action.arguments))


def _perceived(action: Action, rng: random.Random) -> str:
    order = action.get("order")
    about = f"about order {order}" if order else "without an order number"
    aim = _AIM[str(action.get("wish"))]
    return rng.choice(
        (f"The customer writes {about} and wants {aim}.", f"Wanted: {aim}, {about}.")
    )


def _planned(action: Action, rng: random.Random) -> str:
    stages = {**_STAGES, "remedy": "settle the request"}
    steps = [stages[step] for step in str(action.get("steps")).split(",")]
    plan = rng.choice(_PLANS).format(*steps)
    return plan.format(topic=action.get("topic"))


def _concluded(action: Action, rng: random.Random) -> str:
    what = f"Order {action.get('order')}" if action.get("order") else "The request"
    numbers = f"{action.get('fact')} against {action.get('limit')} in the rules"
    so = _FACT[str(action.get("remedy"))]
    if not action.get("order"):
        return rng.choice((f"{what} is about others' data: {so}.", f"By rule, {so}."))
    return rng.choice((f"{what}: {numbers}, so {so}.", f"{numbers}: {so} ({what})."))


def _checked(action: Action, rng: random.Random) -> str:
    return rng.choice(_REFLECTIONS[str(action.get("fits"))])


def _said(action: Action, rng: random.Random) -> str:
    if action.name != "reply":
        return _fill(action, rng)
    opening = rng.choice(_RUDE if action.get("tone") == "rude" else _POLITE)
    told = _TOLD[str(action.get("remedy"))].format(**dict(action.arguments))
    aside = f" {action.get('aside')} had the same matter." * bool(action.get("aside"))
    said = f"{opening}{told}.{aside}"
    return said[0].upper() + said[1:]


_THINK = {
    "perceive": _perceived,
    "plan": _planned,
    "conclude": _concluded,
    "check": _checked,
}
