"""How the serving path does: now, over the last minutes, and for Prometheus."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from webapp import metrics, replicas
from webapp.broker import broker
from webapp.lanes import LANES, Lanes
from webapp.models import Job
from webapp.models.job import State

SERIES = "pacenote:metrics:series"
SAMPLE_SECONDS = 5
# ten minutes
SAMPLES = 120
# replicas not seen for longer are no longer spoken of
MEMORY_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Replica:
    name: str
    is_alive: bool
    models: int
    bytes_a_second: float | None
    waiting: Mapping[str, int]


def replicas_seen() -> list[Replica]:
    """Every scorer of the last minutes, dead ones too, by name."""
    names = replicas.seen(MEMORY_SECONDS)
    signs = replicas.signs(names)
    return [
        Replica(
            name=name,
            is_alive=name in signs,
            models=len(signs.get(name, {}).get("models", [])),
            bytes_a_second=signs.get(name, {}).get("bytes_a_second"),
            waiting=Lanes(broker(), name).waiting(),
        )
        for name in sorted(names)
    ]


def jobs_by_state() -> dict[str, int]:
    counted = Job.objects.order_by().values("state").annotate(n=Count("pk"))
    found = {row["state"]: row["n"] for row in counted}
    return {state: found.get(state, 0) for state in State.values}


def oldest_queued() -> float:
    """Age in seconds of the job that has waited longest, 0 where none waits."""
    queued = Job.objects.filter(state=State.QUEUED)
    since = queued.aggregate(at=Min("created_at"))["at"]
    return (timezone.now() - since).total_seconds() if since else 0.0


def exposition() -> bytes:
    """Prometheus' text format. Raises: redis.RedisError, DatabaseError."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return generate_latest(registry)


def sample() -> None:
    """Keep what is summed up now, once every few seconds for all workers together."""
    slot = int(time.time() / SAMPLE_SECONDS)
    if not broker().set(f"{SERIES}:{slot}", "1", nx=True, ex=60):
        return
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (name, labels, part), value in metrics.totals().items():
        sums[name][part] += value
        if name == "request_seconds" and part != "sum" and labels != ("200",):
            sums["refused"][""] += value
    row = {"at": time.time(), "sums": sums, "waiting": _waiting()}
    with broker().pipeline(transaction=True) as pipeline:
        pipeline.lpush(SERIES, json.dumps(row))
        pipeline.ltrim(SERIES, 0, SAMPLES)
        pipeline.execute()


@dataclass(frozen=True, slots=True)
class Moment:
    """The seconds between two samples; times in seconds, None where nothing was."""

    requests: float
    tokens: float
    middle: float | None
    slow: float | None
    queue: float | None
    cached: float | None
    refused: float
    late: float
    waiting: float


def moments() -> list[Moment]:
    """The last ten minutes, oldest first."""
    rows = [json.loads(row) for row in broker().lrange(SERIES, 0, SAMPLES)][::-1]
    return [_between(a, b) for a, b in pairwise(rows)]


def quantile(counts: Mapping[str, float], q: float) -> float | None:
    """Of a histogram whose bounds are counted alone; linear within a bound."""
    bounds = sorted((float(bound), n) for bound, n in counts.items() if n > 0)
    total = sum(n for _, n in bounds)
    if not total:
        return None
    left, below = q * total, 0.0
    for bound, n in bounds:
        if left <= n:
            return below if math.isinf(bound) else below + (bound - below) * left / n
        left, below = left - n, bound
    return below


def _between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Moment:
    seconds = max(after["at"] - before["at"], 1e-3)
    gained = {
        name: {
            part: value - before["sums"].get(name, {}).get(part, 0.0)
            for part, value in parts.items()
            if part != "sum"
        }
        for name, parts in after["sums"].items()
    }
    requests, queue = gained.get("request_seconds", {}), gained.get("queue_seconds", {})
    tokens = _only(gained, "tokens")
    cached = _only(gained, "cached_tokens") / tokens if tokens > 0 else None
    return Moment(
        requests=max(0.0, sum(requests.values())) / seconds,
        tokens=tokens / seconds,
        middle=quantile(requests, 0.5),
        slow=quantile(requests, 0.95),
        queue=quantile(queue, 0.95),
        cached=cached,
        refused=_only(gained, "refused") / seconds,
        late=_only(gained, "late") / seconds,
        waiting=float(after["waiting"]),
    )


def _only(gained: Mapping[str, Mapping[str, float]], name: str) -> float:
    # less than nothing: the broker's data was lost and the sums began anew
    return max(0.0, sum(gained.get(name, {}).values()))


def _waiting() -> int:
    return sum(sum(replica.waiting.values()) for replica in replicas_seen())


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        by_name: dict[str, dict[tuple[str, ...], dict[str, float]]] = {}
        for (name, labels, part), value in metrics.totals().items():
            by_name.setdefault(name, {}).setdefault(labels, {})[part] = value
        for name, kind in metrics.KINDS.items():
            yield _family(name, kind, by_name.get(name, {}))
        yield from _gauges()


def _family(
    name: str, kind: metrics.Kind, rows: Mapping[tuple[str, ...], Mapping[str, float]]
) -> Metric:
    full = f"pacenote_score_{name}"
    if not kind.bounds:
        counter = CounterMetricFamily(full, kind.help, labels=kind.labels)
        for labels, parts in rows.items():
            counter.add_metric(labels, parts.get("", 0.0))
        return counter
    family = HistogramMetricFamily(full, kind.help, labels=kind.labels)
    for labels, parts in rows.items():
        buckets = list(_cumulative(kind.bounds, parts))
        family.add_metric(labels, buckets, parts.get("sum", 0.0))
    return family


def _cumulative(
    bounds: Sequence[float], parts: Mapping[str, float]
) -> Iterator[tuple[str, float]]:
    total = 0.0
    for bound in [*map(str, bounds), "+Inf"]:
        total += parts.get(bound, 0.0)
        yield bound, total


def _gauges() -> Iterator[Metric]:
    alive = GaugeMetricFamily("pacenote_scorer_up", "It lives.", labels=["replica"])
    waiting = GaugeMetricFamily(
        "pacenote_score_waiting", "Requests in a lane.", labels=["replica", "lane"]
    )
    for replica in replicas_seen():
        alive.add_metric([replica.name], float(replica.is_alive))
        for lane in LANES:
            waiting.add_metric([replica.name, lane], replica.waiting[lane])
    jobs = GaugeMetricFamily("pacenote_jobs", "Jobs by state.", labels=["state"])
    for state, count in jobs_by_state().items():
        jobs.add_metric([state], count)
    age = GaugeMetricFamily(
        "pacenote_job_queue_age_seconds", "Age of the job that waits longest."
    )
    age.add_metric([], oldest_queued())
    yield from (alive, waiting, jobs, age)
