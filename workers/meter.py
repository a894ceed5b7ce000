"""What a scorer's batches were, counted."""

from webapp.metrics import METER
from workers.pace import Batch
from workers.scorer import Watch


def meter(replica: str) -> Watch:
    """Counts each batch under the name of this replica."""

    def watch(batch: Batch) -> None:
        METER.count("late", batch.late, replica)
        METER.count("failed", batch.failed, replica)
        METER.count("episodes", batch.episodes, replica)
        METER.count("tokens", batch.tokens, replica)
        METER.count("cached_tokens", batch.cached_tokens, replica)
        for seconds in batch.queued:
            METER.observe("queue_seconds", seconds, replica)
        if batch.episodes:
            METER.observe("compute_seconds", batch.seconds, replica)
            METER.observe("batch_tokens", batch.tokens, replica)

    return watch
