"""The scorer: one long-lived process that answers what waits in its lanes.

It takes what waits, up to about a quarter of a second's work, runs one batch a model
and answers each request on its reply list. While a batch runs the next one gathers, so
nobody is made to wait for company. What it had taken when it was killed is put back by
its successor: callers wait a little longer and lose nothing.
"""

import itertools
import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from scoring.errors import InvalidInput, ScoringError
from scoring.schema import Episode, Prediction
from webapp.lanes import ID_LENGTH, Answer, Lanes
from workers.failures import device_is_lost, memory_is_full
from workers.pace import Batch, Pace
from workers.requests import Request, reply_of, sent_at

log = logging.getLogger(__name__)

# a request that was in the hands of so many killed scorers is what killed them
MAX_TRIES = 3
TRIES_SECONDS = 3600
# even while people keep coming, every so many batches bulk work has its turn
BULK_EVERY = 8

FAILED: dict[str, Any] = {"error": "the model failed on this input"}
# a pack of tokens is of one size: what it has no room for is taken by somebody else
NO_MEMORY: dict[str, Any] = {
    "error": "the scorer is short of memory just now",
    "again": True,
}

Predict = Callable[[str, Sequence[Episode]], Sequence[Prediction]]
Watch = Callable[[Batch], None]


class Scorer:
    """`predict(model sha256, episodes)` answers one batch; `lanes` hold the requests,
    which belong to this process and then to its successor; `watch` sees each batch."""

    def __init__(
        self, lanes: Lanes, predict: Predict, watch: Watch = lambda batch: None
    ) -> None:
        self._lanes = lanes
        self._broker = lanes.broker
        self._predict = predict
        self._watch = watch
        self._turns = 0
        self._alone = 0
        self.pace = Pace()
        # when the batch in hand was begun, on the monotonic clock
        self.busy_since: float | None = None

    def recover(self) -> int:
        """Put back, first in line, what a predecessor had taken; returns how many.

        Each of them then goes alone, so that one that kills its scorer does so alone;
        after a few times it is refused.
        """
        self._lanes.hang_up()
        back = []
        for raw in sorted(self._lanes.taken().values(), key=sent_at):
            if self._tries(raw) < MAX_TRIES:
                back.append(raw)
            else:
                self._lanes.answer([_refusal(raw, "the scorer died of this input")])
        self._lanes.put_back(back)
        self._alone = len(back)
        return len(back)

    def serve(self, wait: float = 1) -> int:
        """Answer one batch; returns how many requests were in it, 0 after `wait`
        seconds without any."""
        raws = self._take()
        if not raws and (handed := self._lanes.listen(wait)):
            raws = [handed]
        if raws:
            self.busy_since = time.monotonic()
            self._serve(raws)
            self.busy_since = None
        return len(raws)

    def _take(self) -> list[str]:
        self._turns += 1
        budget = 1 if self._alone else self.pace.budget
        turn_of_bulk = self._turns % BULK_EVERY == 0
        raws = self._lanes.take(budget, bulk_first=turn_of_bulk)
        self._alone = max(0, self._alone - len(raws))
        return raws

    def _serve(self, raws: list[str]) -> None:
        requests = sorted(self._parsed(raws), key=_model)
        for model, group in itertools.groupby(requests, _model):
            self._answer_group(model, list(group))

    def _parsed(self, raws: Iterable[str]) -> Iterator[Request]:
        """The requests somebody still waits for; malformed ones are answered here."""
        for raw in raws:
            try:
                request = Request.parse(raw)
            except InvalidInput as error:
                self._lanes.answer([_refusal(raw, str(error))])
                continue
            if request.deadline < time.time():
                self._lanes.answer([Answer(request.id, None, "")])
                self._watch(Batch(late=1))
            else:
                yield request

    def _answer_group(self, model: str, group: list[Request]) -> None:
        batch = Batch.of(group)
        self._lanes.answer(self._answers(model, group, batch))
        self.pace.learn(batch)
        self._watch(batch)

    def _answers(self, model: str, group: list[Request], batch: Batch) -> list[Answer]:
        """One batch for all; where it fails each goes alone, so that a bad request is
        its own sender's problem only."""
        failure = FAILED
        try:
            return self._predicted(model, group, batch)
        except ScoringError as error:
            failure = {"error": str(error)}
        except Exception as error:
            if device_is_lost(error):
                # this process can answer nobody; its successor takes what it had up
                raise
            log.exception("a batch of %d failed", len(group))
            if memory_is_full(error):
                failure = NO_MEMORY
        if len(group) > 1:
            return [self._answers(model, [request], batch)[0] for request in group]
        batch.failed += 1
        return [Answer(r.id, r.reply, _said(r.id, **failure)) for r in group]

    def _predicted(
        self, model: str, group: list[Request], batch: Batch
    ) -> list[Answer]:
        episodes = [episode for request in group for episode in request.episodes]
        began = time.perf_counter()
        predictions = list(self._predict(model, episodes))
        seconds = time.perf_counter() - began
        said = iter(predictions)
        answers = [
            _said(
                request.id,
                predictions=[next(said).to_dict() for _ in request.episodes],
                queue=batch.waited(request),
                compute=seconds,
            )
            for request in group
        ]
        batch.computed(predictions, seconds)
        return [Answer(r.id, r.reply, a) for r, a in zip(group, answers, strict=True)]

    def _tries(self, raw: str) -> int:
        key = f"pacenote:score:tries:{raw[:ID_LENGTH]}"
        with self._broker.pipeline(transaction=True) as pipeline:
            pipeline.incr(key)
            pipeline.expire(key, TRIES_SECONDS)
            return int(pipeline.execute()[0])


def _model(request: Request) -> str:
    return request.model


def _refusal(raw: str, sentence: str) -> Answer:
    request_id = raw[:ID_LENGTH]
    return Answer(request_id, reply_of(raw), _said(request_id, error=sentence))


def _said(request_id: str, **body: Any) -> str:
    # NaN is an error here, not a number somebody trains on
    return json.dumps({"id": request_id, **body}, allow_nan=False)
