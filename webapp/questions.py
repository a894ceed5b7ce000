"""A question to the scorers: cut up by replica, sent, awaited, put together again."""

import logging
import math
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
import redis

from scoring.schema import Episode, Prediction
from webapp import calls, replicas
from webapp.broker import broker
from webapp.errors import Busy, Invalid, NotReady
from webapp.lanes import BULK, Lanes
from webapp.recent import Promise, Superseded

log = logging.getLogger(__name__)

NO_BROKER = "the broker doesn't answer; is `make up` running?"
# how often a caller that waits is looked after, and a dead broker noticed
SLICE_SECONDS = 1.0
# of its deadline, what a request may expect to spend in the queue
MARGIN = 0.8
# the longest anybody is told to stay away
LONGEST_PAUSE = 60


@dataclass(frozen=True, slots=True)
class Part:
    """What one replica is asked: the episodes at `places` of the question."""

    id: str
    replica: str
    places: tuple[int, ...]
    raw: str


class Question:
    """What does the model with this hash say of these episodes, within `seconds`?

    All parts name the same model by its hash, so no answer mixes two. Where that is who
    served a moment ago, `promise` is that it still does.
    """

    def __init__(
        self,
        model: str,
        episodes: Sequence[Episode],
        seconds: float,
        lane: str,
        promise: Promise | None = None,
    ) -> None:
        self._call = calls.current()
        self._seconds = self._call.left(seconds)
        self._until = time.monotonic() + self._seconds
        self._lane = lane
        self._promise = promise
        self._model = model
        self._episodes = episodes
        self._reply = f"pacenote:score:reply:{uuid.uuid4().hex}"
        self._parts: dict[str, Part] = {}

    def send(self, live: replicas.Signs) -> None:
        """Raises: NotReady, Busy, Superseded; then nothing of the question waits any
        more."""
        if not live:
            raise NotReady("no scorer is running")
        with self._call.spending("ask"):
            self._send(live)

    def _send(self, live: replicas.Signs) -> None:
        for names, places in self._shares(live):
            part = self._part(names, places)
            self._parts[part.id] = part
            rate = float(live[part.replica].get("bytes_a_second") or math.inf)
            taken, waiting = self._push(part, rate)
            if not taken:
                del self._parts[part.id]
                self._withdraw()
                raise _busy(waiting, rate)

    def answers(self) -> list[Prediction]:
        """One prediction an episode, in order.

        Raises:
            NotReady: nobody answered in time, the caller hung up, or the broker went.
            Invalid: the scorer refused.
            Busy: it is short of memory.
        """
        try:
            with self._call.spending("wait"):
                return self._collect()
        except redis.RedisError as error:
            raise NotReady(NO_BROKER) from error
        except BaseException:
            self._withdraw()
            raise

    def _collect(self) -> list[Prediction]:
        found: list[Prediction | None] = [None] * len(self._episodes)
        missing = dict(self._parts)
        while missing:
            answer = self._next()
            if part := missing.pop(str(answer["id"]), None):
                for place, row in zip(part.places, _rows(answer), strict=True):
                    found[place] = Prediction.from_dict(row)
                self._spend(answer)
        return cast("list[Prediction]", found)

    def _shares(self, live: replicas.Signs) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Which replica gets which episodes. Bulk goes one by one, so that people, who
        come in between, needn't wait for more than one."""
        at: dict[str, list[int]] = {}
        for place, episode in enumerate(self._episodes):
            at.setdefault(replicas.home(episode, live), []).append(place)
        for name, places in at.items():
            if self._lane == BULK:
                yield from ((name, (place,)) for place in places)
            else:
                yield name, tuple(places)

    def _part(self, replica: str, places: tuple[int, ...]) -> Part:
        part_id, now = uuid.uuid4().hex, time.time()
        body = {
            "reply": self._reply,
            "model": self._model,
            "at": now,
            "deadline": now + self._seconds,
            "episodes": [self._episodes[place].to_dict() for place in places],
        }
        return Part(part_id, replica, places, part_id + orjson.dumps(body).decode())

    def _push(self, part: Part, rate: float) -> tuple[bool, int]:
        # bulk waits as long as it takes; its asker gives way by itself
        most = math.inf if self._lane == BULK else MARGIN * self._seconds * rate
        lanes, promise = Lanes(broker(), part.replica), self._promise
        if promise is None:
            return lanes.push(self._lane, part.raw, most)
        taken, waiting, found = lanes.push_and_look(
            self._lane, part.raw, most, promise.key
        )
        try:
            promise.check(found)
        except Superseded:
            self._withdraw()
            raise
        return taken, waiting

    def _next(self) -> Mapping[str, Any]:
        while (left := self._until - time.monotonic()) > 0:
            # in slices shorter than the socket's timeout, by which a dead broker shows
            wait = min(left, SLICE_SECONDS)
            if answer := broker().blpop([self._reply], timeout=wait):
                return cast("dict[str, Any]", orjson.loads(answer[1]))
            if self._call.is_gone():
                raise NotReady("the caller hung up")
        raise NotReady(f"the scorer gave no answer within {self._seconds:g} s")

    def _spend(self, answer: Mapping[str, Any]) -> None:
        for stage in ("queue", "compute"):
            self._call.spend(stage, float(answer.get(stage, 0.0)))

    def _withdraw(self) -> None:
        """Nobody waits any more: what no scorer has yet, none shall do."""
        try:
            for part in self._parts.values():
                Lanes(broker(), part.replica).withdraw(self._lane, part.raw)
        except redis.RedisError:
            log.warning("no broker: a question waits for its deadline")


def _rows(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    if answer.get("again"):
        raise Busy(str(answer["error"]))
    if "error" in answer:
        raise Invalid(str(answer["error"]))
    return cast("list[dict[str, Any]]", answer["predictions"])


def _busy(waiting: int, rate: float) -> Busy:
    seconds = min(LONGEST_PAUSE, math.ceil(waiting / rate)) if rate < math.inf else 1
    error = Busy("too many requests are waiting for the scorer")
    error.retry_after = max(1, seconds)
    return error
