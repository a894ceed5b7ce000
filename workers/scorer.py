"""The scorer: one long-lived process that answers what waits in a Redis list.

It moves what waits to a list of its own, up to a token budget, runs one batch a model
and answers each request on its reply list. While a batch runs the next one gathers, so
nobody is made to wait for company. What it had taken when it was killed is put back by
its successor: callers wait a little longer and lose nothing.
"""

import itertools
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import redis

from scoring.errors import InvalidInput, ScoringError
from scoring.schema import Episode, Prediction
from workers.requests import Request, reply_of

log = logging.getLogger(__name__)

# about 16k tokens: beyond it a bigger batch is no faster, only later
BATCH_CHARS = 64 * 1024
# an answer nobody fetched
KEEP_SECONDS = 60

Predict = Callable[[str, Sequence[Episode]], Sequence[Prediction]]


class Scorer:
    """`predict(model sha256, episodes)` answers one batch; `replica` names the list of
    taken requests, which belongs to this process and then to its successor."""

    def __init__(
        self, broker: redis.Redis, predict: Predict, queue: str, replica: str
    ) -> None:
        self._broker = broker
        self._predict = predict
        self._queue = queue
        self._taken = f"{queue}:taken:{replica}"

    def recover(self) -> int:
        """Put back, first in line, what a predecessor had taken; returns how many."""
        count = 0
        while self._broker.lmove(self._taken, self._queue, "LEFT", "RIGHT"):
            count += 1
        return count

    def serve(self, wait: int = 1) -> int:
        """Answer one batch; returns how many requests were in it, 0 after `wait`
        seconds without any."""
        raws = self._gather(wait)
        requests = sorted(self._parsed(raws), key=_model)
        for model, group in itertools.groupby(requests, _model):
            self._answer_group(model, list(group))
        return len(raws)

    def _gather(self, wait: int) -> list[str]:
        raws: list[str] = []
        chars = 0
        raw = self._broker.blmove(self._queue, self._taken, wait, "RIGHT", "LEFT")
        while raw is not None:
            raws.append(str(raw))
            chars += len(raw)
            if chars >= BATCH_CHARS:
                break
            raw = self._broker.lmove(self._queue, self._taken, "RIGHT", "LEFT")
        return raws

    def _parsed(self, raws: Iterable[str]) -> Iterator[Request]:
        """The requests somebody still waits for; malformed ones are answered here."""
        for raw in raws:
            try:
                request = Request.parse(raw)
            except InvalidInput as error:
                self._answer(raw, reply_of(raw), _error(str(error)))
                continue
            if request.deadline < time.time():
                self._answer(raw, None, "")
            else:
                yield request

    def _answer_group(self, model: str, group: list[Request]) -> None:
        answers = self._answers(model, group)
        for request, answer in zip(group, answers, strict=True):
            self._answer(request.raw, request.reply, answer)

    def _answers(self, model: str, group: list[Request]) -> list[str]:
        """One batch for all; where it fails each goes alone, so that a bad request is
        its own sender's problem only."""
        try:
            return self._predicted(model, group)
        except ScoringError as error:
            failure = str(error)
        except Exception:
            log.exception("a batch of %d failed", len(group))
            failure = "the model failed on this input"
        if len(group) == 1:
            return [_error(failure)]
        return [self._answers(model, [request])[0] for request in group]

    def _predicted(self, model: str, group: list[Request]) -> list[str]:
        episodes = [episode for request in group for episode in request.episodes]
        predictions = iter(self._predict(model, episodes))
        return [
            # NaN is an error here, not a number somebody trains on
            json.dumps(
                {"predictions": [next(predictions).to_dict() for _ in r.episodes]},
                allow_nan=False,
            )
            for r in group
        ]

    def _answer(self, raw: str, reply: str | None, answer: str) -> None:
        with self._broker.pipeline(transaction=True) as pipeline:
            if reply:
                pipeline.lpush(reply, answer)
                pipeline.expire(reply, KEEP_SECONDS)
            pipeline.lrem(self._taken, 1, raw)
            pipeline.execute()


def _model(request: Request) -> str:
    return request.model


def _error(sentence: str) -> str:
    return json.dumps({"error": sentence})
