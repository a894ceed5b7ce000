"""How fast this scorer is, and how much it therefore takes at once."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from scoring.schema import Prediction
from workers.requests import Request

# What a batch should last: less and a GPU idles, more and people wait for strangers.
BATCH_SECONDS = 0.25
# Beyond about 16k tokens a bigger batch is no faster anywhere, only later.
MOST_BYTES = 64 * 1024
FIRST_BYTES = 4 * 1024
# what is left of what a batch says of the speed after the next one
DECAY = 0.8
# the first ones are of a cold process, and say little of the next ones
COLD_BATCHES = 4


@dataclass
class Batch:
    """What one batch was: sizes, and seconds where time went. `late` requests were
    dropped, because nobody waited for them any more."""

    bytes: int = 0
    queued: tuple[float, ...] = ()
    late: int = 0
    episodes: int = 0
    tokens: int = 0
    cached_tokens: int = 0
    seconds: float = 0.0
    failed: int = 0
    began: float = field(default_factory=time.time)

    @classmethod
    def of(cls, requests: Sequence[Request]) -> "Batch":
        now = time.time()
        return cls(
            bytes=sum(request.size for request in requests),
            queued=tuple(max(0.0, now - request.at) for request in requests),
            began=now,
        )

    def computed(self, predictions: Sequence[Prediction], seconds: float) -> None:
        """Add what a call of the model did."""
        self.episodes += len(predictions)
        self.tokens += sum(said.tokens for said in predictions)
        self.cached_tokens += sum(said.cached_tokens for said in predictions)
        self.seconds += seconds

    def waited(self, request: Request) -> float:
        """Seconds a request stood in its lane."""
        return max(0.0, self.began - request.at)


class Pace:
    """Bytes a second over the last batches, and the batch that follows from it."""

    def __init__(self, bytes_a_second: float | None = None) -> None:
        self.bytes_a_second = bytes_a_second
        self._batches = 0
        self._bytes = self._seconds = 0.0

    @property
    def budget(self) -> int:
        if self.bytes_a_second is None:
            return FIRST_BYTES
        return int(min(MOST_BYTES, max(1, self.bytes_a_second * BATCH_SECONDS)))

    def learn(self, batch: Batch) -> None:
        if not (batch.episodes and batch.seconds):
            return
        self._batches += 1
        # both summed by themselves: a small batch, mostly fixed cost, says little
        self._bytes = DECAY * self._bytes + batch.bytes
        self._seconds = DECAY * self._seconds + batch.seconds
        if self._batches > COLD_BATCHES:
            self.bytes_a_second = self._bytes / self._seconds
