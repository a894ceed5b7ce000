"""Bootsteps: what runs beside the tasks in a Celery worker, and in which one.

The worker of the queue `jobs` sweeps; the worker of the queue `score` hosts the scorer.
"""

from typing import Any

from celery import bootsteps

from webapp import signs
from webapp.services import metrics
from workers import upkeep
from workers.app import app
from workers.pulse import Pulse


class QueueStep(bootsteps.StartStopStep):
    """A thread that runs where the worker listens to `queue`."""

    requires = ("celery.worker.components:Pool",)
    queue = ""

    def include_if(self, worker: Any) -> bool:
        return self.queue in worker.app.amqp.queues.consume_from


class SweeperStep(QueueStep):
    queue = "jobs"

    def create(self, worker: Any) -> Any:
        return Pulse(_sweep)


class ScorerStep(QueueStep):
    queue = "score"

    def create(self, worker: Any) -> Any:
        # torch loads in this worker only
        from workers.serving import Serving

        return Serving()


def _sweep() -> None:
    signs.give("jobs", {})
    metrics.sample()
    upkeep.sweep()


for step in (SweeperStep, ScorerStep):
    app.steps["worker"].add(step)
