"""Order rules: small automata over the names of the tools an episode calls.

Safety rules (precedence, at most once) are decided, and charged, at the violating step.
A response rule ("every open is closed") can only be decided at the end, so it is
charged at the terminal step.
"""

from collections.abc import Iterator, Sequence

from scoring.rewards.rules import Order
from scoring.schema import Episode


def broken(episode: Episode, rules: Sequence[Order]) -> Iterator[tuple[int, str]]:
    """The steps that break a rule, each with its flag `order:<rule>:<tool>`."""
    called = [(step.index, call.name) for step in episode.steps for call in step.calls]
    for rule in rules:
        for step in _AUTOMATA[rule.rule](called, rule, len(episode.steps) - 1):
            yield step, f"order:{rule.rule}:{rule.then or rule.first}"


_Called = Sequence[tuple[int, str]]


def _precedence(called: _Called, rule: Order, last: int) -> Iterator[int]:
    for step, name in called:
        if name == rule.first:
            return
        if name == rule.then:
            yield step


def _at_most_once(called: _Called, rule: Order, last: int) -> Iterator[int]:
    steps = [step for step, name in called if name == rule.first]
    yield from steps[1:]


def _response(called: _Called, rule: Order, last: int) -> Iterator[int]:
    pending = False
    for _, name in called:
        pending = name != rule.then and (pending or name == rule.first)
    if pending:
        yield last


_AUTOMATA = {
    "precedence": _precedence,
    "response": _response,
    "at_most_once": _at_most_once,
}
