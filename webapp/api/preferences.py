"""How long a caller waits, and whether a job would do: `Prefer` (RFC 7240), `Deadline`.

`Prefer: wait=5` and `Deadline: 5` give an answer five seconds; `respond-async` takes a
job instead, together with `wait` only where the answer isn't there by then.
"""

import math
import re
from dataclasses import dataclass

from django.conf import settings
from rest_framework.request import Request

from scoring.errors import InvalidInput

HEADERS = {
    "Prefer": "`respond-async`: answer 202 with a job. `wait=5`: answer within five "
    "seconds, else 503. Both: a job where the answer takes longer.",
    "Deadline": "Seconds the answer is good for, as `2.5`; after them 503.",
}
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`seconds` to wait, None where the caller names no limit of their own."""

    job: bool = False
    seconds: float | None = None


def of(request: Request) -> Preferences:
    """Raises: InvalidInput for a number of seconds that is none. Preferences nobody
    knows are left alone, as RFC 7240 asks."""
    named = dict(_pairs(request.headers.get("Prefer", "")))
    waits = [
        _seconds(name, value)
        for name, value in (
            ("Prefer: wait", named.get("wait")),
            ("Deadline", request.headers.get("Deadline")),
        )
        if value is not None
    ]
    limit = min((*waits, float(settings.SCORE_DEADLINE_SECONDS)))
    return Preferences("respond-async" in named, limit if waits else None)


def _pairs(header: str) -> list[tuple[str, str]]:
    parts = re.split(r"[,;]", header)
    pairs = [part.partition("=") for part in parts if part.strip()]
    return [(name.strip().lower(), value.strip(' "')) for name, _, value in pairs]


def _seconds(name: str, value: str) -> float:
    if not _SECONDS.fullmatch(value) or not math.isfinite(float(value)):
        raise InvalidInput(f"{name}: expected seconds, got {value[:80]!r}")
    return float(value)
