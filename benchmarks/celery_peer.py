"""The peer: a Celery task a request, its result awaited through the result backend."""

import os
from typing import Any

from celery import Celery

from benchmarks import stub
from scoring.schema import Episode

app = Celery("peer", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(
    task_default_queue="peer", worker_prefetch_multiplier=16, result_expires=60
)


@app.task(name="peer.predict")
def predict(model: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    episodes = [Episode.from_dict(row) for row in rows]
    return [said.to_dict() for said in stub.predict(model, episodes)]
