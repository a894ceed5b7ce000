"""`python -m benchmarks.serving`: what the serving path costs.

Three questions, peer and ours by turns in one run: how many requests the scorer path
carries against a Celery task a request, the model stubbed; what HTTP adds to a request,
the model stubbed; what 32 HTTP clients get of the engine's own throughput.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from benchmarks import served
from scoring import arena
from scoring.schema import Episode

CALLERS = 8
CLIENTS = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--episodes", type=int, default=32)
    parser.add_argument("--only", choices=["stubbed", "whole"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", _threads())
    print(f"{served.machine()}, {os.environ['OMP_NUM_THREADS']} threads of torch")
    with served.data_of_its_own() as data:
        found: dict[str, Any] = {}
        if options.only != "whole":
            found |= stubbed(data, options.repeats, options.requests)
        if options.only != "stubbed":
            found |= whole(data, options.repeats, options.episodes)
    print(f"afterwards: {served.machine()}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


def stubbed(data: Path, repeats: int, requests: int) -> dict[str, Any]:
    """The serving path alone."""
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.celery_peer", "worker"]
    options = ["-Q", "peer", "-P", "solo", "--without-gossip", "--without-mingle"]
    peer = served.start("peer", [*command, *options], data)
    try:
        with served.served(data, model="1" * 64) as house:
            carried = _carried(_runs(64), repeats, requests)
            stages: dict[str, list[float]] = {}
            added = [_added(house, requests // 2, stages) for _ in range(repeats)]
    finally:
        peer.stop()
    ratio = [ours / theirs for ours, theirs in carried]
    rows = {
        "Celery task a request, requests/s": [theirs for _, theirs in carried],
        "scorer path, requests/s": [ours for ours, _ in carried],
        "ratio (bar: 4)": ratio,
        "HTTP adds, median, ms (bar: 5)": [middle for middle, _ in added],
        "HTTP adds, 95 %, ms": [slow for _, slow in added],
    }
    return _table("model stubbed", rows) | _table("where HTTP's time goes, ms", stages)


def whole(data: Path, repeats: int, episodes: int) -> dict[str, Any]:
    """The real model: the engine by itself, then behind HTTP, by turns."""
    from benchmarks import models

    [sha256] = models.write(data, 0)
    with served.served(data, model=sha256, scorers=["real"]) as house:
        engine = _engine(sha256)
        pairs, overheads = [], []
        for repeat in range(repeats):
            # runs nobody has seen: a cache would answer the second time
            ours = _runs(episodes, seed=1000 + 2 * repeat)
            theirs = _runs(episodes, seed=1001 + 2 * repeat)
            alone = _rate(lambda part=theirs: engine(part), episodes)
            spent: list[float] = []
            http = _rate(
                lambda part=ours, s=spent: _by_clients(house, part, s), episodes
            )
            pairs.append((http, alone))
            overheads.append(1000 * statistics.median(spent))
    rows = {
        "engine in-process, episodes/s": [alone for _, alone in pairs],
        f"HTTP, {CLIENTS} clients, episodes/s": [http for http, _ in pairs],
        "ratio (bar: 0.8)": [http / alone for http, alone in pairs],
        "beside lane and model, median, ms": overheads,
    }
    return _table("real model", rows)


def _carried(
    runs: Sequence[Episode], repeats: int, requests: int
) -> list[tuple[float, float]]:
    """Requests a second by our lanes and by Celery, so many callers each, by turns."""
    from benchmarks.celery_peer import predict as task
    from webapp import jobs

    rows = [run.to_dict() for run in runs]
    model = "1" * 64

    def ours(i: int) -> None:
        jobs.predict(model, [runs[i % len(runs)]], 30)

    def theirs(i: int) -> None:
        task.delay(model, [rows[i % len(rows)]]).get(timeout=30)

    def rate(ask: Callable[[int], None]) -> float:
        with ThreadPoolExecutor(CALLERS) as pool:
            return _rate(lambda: list(pool.map(ask, range(requests))), requests)

    rate(ours)
    rate(theirs)
    return [(rate(ours), rate(theirs)) for _ in range(repeats)]


def _added(
    house: served.Served, requests: int, stages: dict[str, list[float]]
) -> tuple[float, float]:
    """Milliseconds of one caller's requests: half of them faster, 95 % of them. To
    `stages` goes the median of each stage the answers speak of; what no view sees is
    the client's library, the server's and the middleware."""
    runs = [run.to_dict() for run in _runs(64)]
    spent, told, own = [], [], []
    with house.client(timeout=30) as client:
        for i in range(requests):
            began, busy = time.perf_counter(), time.thread_time()
            answer = client.post("/api/v1/scores/", json={"episodes": [runs[i % 64]]})
            spent.append(1000 * (time.perf_counter() - began))
            own.append(1000 * (time.thread_time() - busy))
            answer.raise_for_status()
            told.append(_timing(answer))
    for name in told[0]:
        stages.setdefault(name, []).append(statistics.median(row[name] for row in told))
    outside = [whole - row["total"] for whole, row in zip(spent, told, strict=True)]
    stages.setdefault("outside the view", []).append(statistics.median(outside))
    stages.setdefault("of it the client's processor", []).append(statistics.median(own))
    return statistics.median(spent), statistics.quantiles(spent, n=20)[-1]


def _timing(answer: httpx.Response) -> dict[str, float]:
    """Milliseconds by stage, as the server counts them."""
    parts = (
        part.split(";dur=") for part in answer.headers["Server-Timing"].split(", ")
    )
    return {name: float(value) for name, value in parts}


def _engine(sha256: str) -> Callable[[Sequence[Episode]], object]:
    """The scorer's engine in a process of its own, as it runs without HTTP."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.engine", sha256],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    send, receive = process.stdin, process.stdout

    def ask(runs: Sequence[Episode]) -> None:
        send.write(json.dumps([run.to_dict() for run in runs]) + "\n")
        send.flush()
        receive.readline()

    ask(_runs(1))
    return ask


def _by_clients(
    house: served.Served, runs: Sequence[Episode], spent: list[float]
) -> None:
    """One episode a request; what each took beside waiting and computing."""

    def ask(run: Episode) -> None:
        answer = client.post("/api/v1/scores/", json={"episodes": [run.to_dict()]})
        while answer.status_code == 503:
            # as a trainer would, and it costs what it costs
            print(f"  refused: {answer.json()['detail']}")
            time.sleep(float(answer.headers["Retry-After"]))
            answer = client.post("/api/v1/scores/", json={"episodes": [run.to_dict()]})
        answer.raise_for_status()
        timing = _timing(answer)
        spent.append((timing["total"] - timing["queue"] - timing["compute"]) / 1000)

    with house.client(timeout=120) as client, ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, runs))


def _rate(do: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    do()
    return count / (time.perf_counter() - began)


def _runs(count: int, seed: int = 3) -> list[Episode]:
    return [run.episode for run in arena.generate(count, seed=seed)]


def _table(title: str, rows: dict[str, list[float]]) -> dict[str, list[float]]:
    print(f"\n{title}, median of {len(next(iter(rows.values())))} (least to most)")
    for name, values in rows.items():
        print(f"  {name:42}{served.median(values)}")
    return {f"{title}: {name}": values for name, values in rows.items()}


def _threads() -> str:
    return str(max(1, len(os.sched_getaffinity(0)) - 1))


if __name__ == "__main__":
    main()
