"""What waits in the scorer's lanes: requests as the web wrote them."""

from dataclasses import dataclass
from typing import Any, Self

import orjson

from scoring.errors import InvalidInput
from scoring.schema import Episode
from webapp.lanes import ID_LENGTH


@dataclass(frozen=True, slots=True)
class Request:
    """One question: what does the model with hash `model` say of these episodes?

    `reply` names the list the answer goes to; `at` and `deadline`, in Unix seconds,
    say when it was sent and until when somebody waits; `size` is in bytes.
    """

    id: str
    reply: str
    model: str
    at: float
    deadline: float
    episodes: tuple[Episode, ...]
    size: int

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises: InvalidInput for anything `webapp.questions` wouldn't write."""
        try:
            row: dict[str, Any] = orjson.loads(raw[ID_LENGTH:])
            return cls(
                id=raw[:ID_LENGTH],
                reply=str(row["reply"]),
                model=str(row["model"]),
                at=float(row["at"]),
                deadline=float(row["deadline"]),
                episodes=tuple(Episode.from_dict(data) for data in row["episodes"]),
                size=len(raw.encode()),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"not a scoring request: {error!r}") from None


def reply_of(raw: str) -> str | None:
    """Where the sender of a malformed request waits, if it says so at all."""
    try:
        reply = orjson.loads(raw[ID_LENGTH:])["reply"]
    except (ValueError, KeyError, TypeError):
        return None
    return reply if isinstance(reply, str) else None


def sent_at(raw: str) -> float:
    """When a request was sent; a malformed one first of all, to be rid of it."""
    try:
        return float(orjson.loads(raw[ID_LENGTH:])["at"])
    except (ValueError, KeyError, TypeError):
        return 0.0
