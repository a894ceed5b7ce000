"""Scores in JSON lines: each line answered in order, as soon as its answer is there."""

import queue
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import orjson

from scoring import strictjson
from scoring.errors import InvalidInput
from webapp.api import asked, errors
from webapp.api.incoming import IDLE_SECONDS, Incoming, Line
from webapp.api.view import View
from webapp.errors import AppError, Busy, Invalid, NotReady
from webapp.services.scores import Scoring

# lines one caller has with the scorers at once: enough to fill a batch
AT_ONCE = 16

Answer = Callable[[], dict[str, Any]]
_REFUSALS = (AppError, InvalidInput)


class Lines:
    """The answers of one stream; all of them are one model's under one spec.

    What is wrong with a line is said in its place. What keeps even the first one from
    an answer, a scorer that isn't there, refuses the request.
    """

    def __init__(self, view: View, incoming: Incoming, scoring: Scoring) -> None:
        self._view = view
        self._incoming = incoming
        self._scoring = scoring
        self._pending: deque[tuple[int, Answer]] = deque()
        self._answered = 0

    def answers(self) -> Iterator[bytes]:
        """Raises: AppError when the first line gets no answer."""
        found = self._answers()
        first = next(found, None)
        return found if first is None else chain([first], found)

    def _answers(self) -> Iterator[bytes]:
        try:
            while True:
                line = self._next()
                if line is not None:
                    yield from self._begin(line)
                elif self._pending:
                    yield self._oldest()
                else:
                    return
        finally:
            self._incoming.close()

    def _next(self) -> Line | None:
        """A line to begin with, None when it is time to answer."""
        if len(self._pending) >= AT_ONCE:
            return None
        try:
            return self._incoming.next(wait=not self._pending)
        except queue.Empty:
            if not self._pending:
                detail = f"no line came for {IDLE_SECONDS:g} s"
                self._refuse(Invalid(detail), None)
        except _REFUSALS as error:
            # of the body itself: there are no more lines
            self._refuse(error, None)
        return None

    def _begin(self, line: Line) -> Iterator[bytes]:
        while True:
            try:
                self._pending.append((line[0], self._asked(line[1], line[0])))
                return
            except (Busy, NotReady) as error:
                # the caller's own lines may be what keeps the scorers busy
                if not self._pending:
                    yield _line(self._refused(error, line[0]))
                    return
                yield self._oldest()
            except _REFUSALS as error:
                self._refuse(error, line[0])
                return

    def _refuse(self, error: Exception, number: int | None) -> None:
        refusal = _refusal(error, number)
        self._pending.append((number or 0, lambda: refusal))

    def _asked(self, text: str, number: int) -> Answer:
        value = strictjson.loads(text, line=number)
        wanted = asked.one(self._view, value)
        answers = self._scoring.begin(wanted.runs, wanted.social)
        return lambda: answers()[0]

    def _oldest(self) -> bytes:
        number, answer = self._pending.popleft()
        try:
            said = answer()
        except AppError as error:
            said = self._refused(error, number)
        except InvalidInput as error:
            said = _refusal(error, number)
        self._answered += 1
        return _line(said)

    def _refused(self, error: AppError, number: int) -> dict[str, Any]:
        if not self._answered:
            raise error
        self._answered += 1
        return _refusal(error, number)


def _refusal(error: Exception, number: int | None) -> dict[str, Any]:
    problem = errors.body(error)
    if number is not None:
        problem["line"] = number
    return {
        "episode": "",
        "valid": False,
        "reasons": [problem["code"]],
        "total": None,
        "problem": problem,
    }


def _line(body: dict[str, Any]) -> bytes:
    return orjson.dumps(body) + b"\n"
