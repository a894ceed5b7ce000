"""The evidence of a violation or a detector, cut out of the episode it points into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.models import Episode

# characters shown on either side
AROUND = 60


@dataclass(frozen=True, slots=True)
class Evidence:
    """A violation (or a detector's word) beside its text: `hit` is the span, with what
    stands around it; all three empty where the evidence is a number."""

    violation: Mapping[str, Any]
    before: str = ""
    hit: str = ""
    after: str = ""


def of(episode: Episode, violations: Sequence[Mapping[str, Any]]) -> list[Evidence]:
    """One entry a violation, in order; without any the episode isn't read."""
    if not violations:
        return []
    document = episode.to_schema().to_dict()
    return [_cut(document, violation) for violation in violations]


def _cut(document: Any, violation: Mapping[str, Any]) -> Evidence:
    text = _at(document, violation["pointer"] or "")
    if not isinstance(text, str):
        return Evidence(violation)
    start, end = violation["start"], violation["end"]
    return Evidence(
        violation,
        before=text[max(0, start - AROUND) : start],
        hit=text[start:end],
        after=text[end : end + AROUND],
    )


def _at(value: Any, pointer: str) -> Any:
    """What an RFC 6901 pointer names, None where there is nothing."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
