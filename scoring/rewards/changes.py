"""How two specs differ, value by value, and a spec with some values changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scoring.rewards.spec import Spec

_NAMES = ("/id", "/version")


@dataclass(frozen=True, slots=True)
class Change:
    """One value of a spec (a list is one value) by its JSON pointer."""

    pointer: str
    before: Any
    after: Any


def changes(before: Spec, after: Spec) -> list[Change]:
    """What differs beside the name and version, in the order of the canonical form; a
    rule that only one of them has is None in the other."""
    old, new = (dict(_values(spec.to_dict(), "")) for spec in (before, after))
    found = (Change(at, old.get(at), new.get(at)) for at in {**old, **new})
    return [c for c in found if c.before != c.after and c.pointer not in _NAMES]


def edited(spec: Spec, values: Mapping[str, Any]) -> Spec:
    """The spec with the values at some JSON pointers replaced.

    Raises:
        InvalidSpec: with the pointer of the first value that can't be.
    """
    body = spec.to_dict()
    for pointer, value in values.items():
        *way, last = pointer.removeprefix("/").split("/")
        place = body
        for name in way:
            place = place[name]
        place[last] = value
    return Spec.from_dict(body)


def _values(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield at, value
        return
    for key, item in value.items():
        yield from _values(item, f"{at}/{key}")
