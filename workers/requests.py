"""What waits in the scorer's list: requests as the web wrote them."""

import json
from dataclasses import dataclass
from typing import Any, Self

from scoring.errors import InvalidInput
from scoring.schema import Episode


@dataclass(frozen=True, slots=True)
class Request:
    """One question: what does the model with hash `model` say of these episodes?

    `raw` is the list's entry itself, by which it is taken off again; `deadline` is in
    Unix seconds; `reply` names the list the answer goes to.
    """

    raw: str
    reply: str
    model: str
    deadline: float
    episodes: tuple[Episode, ...]

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises: InvalidInput for anything `webapp.jobs.predict` wouldn't write."""
        try:
            row: dict[str, Any] = json.loads(raw)
            return cls(
                raw=raw,
                reply=str(row["reply"]),
                model=str(row["model"]),
                deadline=float(row["deadline"]),
                episodes=tuple(Episode.from_dict(data) for data in row["episodes"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"not a scoring request: {error!r}") from None


def reply_of(raw: str) -> str | None:
    """Where the sender of a malformed request waits, if it says so at all."""
    try:
        reply = json.loads(raw)["reply"]
    except (ValueError, KeyError, TypeError):
        return None
    return reply if isinstance(reply, str) else None
