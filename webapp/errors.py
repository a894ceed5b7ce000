"""What the application raises on purpose, each with the HTTP status it becomes.

    AppError
    ├── Invalid           422  the request is well-formed and can't be done
    ├── Conflict          409  the row has moved on; carries its current state
    ├── Blocked           409  it may be done, once somebody answers for it
    ├── TooLarge          413
    ├── NotReady          503  something the request needs isn't running (yet)
    └── Busy              503  it is running and has too much to do; try again

`scoring.errors.InvalidInput` becomes 400 with its pointer, `access` raises Http404.
Both the API (problem+json) and the pages (a message) are made from `detail`.
"""

from typing import Any


class AppError(Exception):
    status = 500
    code = "error"
    retry_after: int | None = None

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class Invalid(AppError):
    status = 422
    code = "invalid"


class Conflict(AppError):
    status = 409
    code = "conflict"


class Blocked(AppError):
    status = 409
    code = "blocked"


class TooLarge(AppError):
    status = 413
    code = "too-large"


class NotReady(AppError):
    status = 503
    code = "not-ready"
    retry_after = 5


class Busy(AppError):
    status = 503
    code = "busy"
    retry_after = 1
