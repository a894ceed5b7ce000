"""`python -m benchmarks.load`: steady load, three times too much, random kill -9.

The product's own broker, scorers and web on loopback; the scorers hold a stand-in for a
model that takes as long as a device would and whose every answer the client can check.
Nothing outlives the run.
"""

import argparse
import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import served
from benchmarks.journal import Journal, closed, opened
from benchmarks.memory import Memory

MODELS = ("1" * 64, "2" * 64)
# of an answer, in seconds; what comes later is worth nothing
DEADLINE = 3.0
# a killed web server is back well within it, and so are those it kept waiting
CHAOS_DEADLINE = 15.0
KILLS_EVERY = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["steady", "chaos"])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--milliseconds", type=float, default=20, help="an episode")
    parser.add_argument("--replicas", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": served.machine()}
    print(found["machine"])
    stubs = [f"stub-{i}" for i in range(options.replicas)]
    with (
        served.data_of_its_own() as data,
        served.served(
            data, model=MODELS[0], stubs=stubs, milliseconds=options.milliseconds
        ) as house,
    ):
        served.add_model(house, MODELS[1])
        if options.only != "chaos":
            found |= asyncio.run(loads(house, options))
        if options.only != "steady":
            found["chaos"] = chaos(house, options)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


async def loads(house: served.Served, options: argparse.Namespace) -> dict[str, Any]:
    """What the path carries with every client waiting for its answer, then three times
    as much as that, whether answered or not."""
    capacity = options.replicas * 1000 / options.milliseconds
    with Memory(house.children) as memory:
        steady = await closed(house, options.clients, options.seconds, DEADLINE)
    _say(f"{options.clients} clients, {capacity:.0f}/s at most", steady, memory)
    rate = 3 * steady.goodput
    with Memory(house.children) as more:
        flood = await opened(house, rate, options.seconds, DEADLINE)
    _say(f"three times too much, {rate:.0f}/s", flood, more)
    kept = flood.goodput / steady.goodput
    print(f"  goodput kept under overload {kept:.0%} (bar: 80 %)")
    return {
        "steady": steady.summary() | asdict(memory.found),
        "overload": flood.summary() | asdict(more.found) | {"kept": kept},
    }


def chaos(house: served.Served, options: argparse.Namespace) -> dict[str, Any]:
    """Kill -9 of a scorer, the web or the broker every few seconds, under load."""
    chance = random.Random(options.seed)
    killed: dict[str, list[float]] = {}
    with _revived(house), _killed(house, chance, killed):
        journal = asyncio.run(
            closed(
                house,
                options.clients // 4,
                options.seconds,
                CHAOS_DEADLINE,
                models=MODELS,
                pause=0.05,
            )
        )
    kills = sum(map(len, killed.values()))
    found = {**journal.summary(), "kills": kills, "recovery": killed}
    _say(f"{kills} kills", journal)
    for part, seconds in sorted(killed.items()):
        print(f"  {part} killed: answers again after, s {served.median(seconds)}")
    print(
        f"  lost {found['hung']} (bar: 0), wrong {found['wrong']} (bar: 0), "
        f"connections broken by a killed web {found['broken']}"
    )
    return found


@contextmanager
def _revived(house: served.Served) -> Iterator[None]:
    """As `make up` watches its children."""
    from webapp.house import supervisor

    stopped = threading.Event()
    children = list(house.children.values())
    watcher = threading.Thread(
        target=supervisor.watch, args=(children, lambda line: None, stopped.is_set)
    )
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()


@contextmanager
def _killed(
    house: served.Served, chance: random.Random, killed: dict[str, list[float]]
) -> Iterator[None]:
    stopped = threading.Event()

    def kill() -> None:
        while not stopped.wait(KILLS_EVERY):
            name = chance.choice(sorted(house.children))
            house.children[name].kill()
            began = time.monotonic()
            # the next one only once there is something to kill again
            served.until(lambda: served.scores(house), 60)
            part = name.rstrip("-0123456789")
            killed.setdefault(part, []).append(time.monotonic() - began)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _say(title: str, journal: Journal, memory: Memory | None = None) -> None:
    row = journal.summary()
    print(
        f"\n{title}\n  good {row['goodput']:.1f}/s, p50 {row['p50']:.0f} ms, "
        f"p95 {row['p95']:.0f} ms, p99 {row['p99']:.0f} ms\n"
        f"  answered {row['ok']}, refused {row['refused']} "
        f"(median {row['refused_p50']:.0f} ms), late {row['late']}, "
        f"hung {row['hung']}, wrong {row['wrong']}, other {row['other']}"
    )
    if memory:
        found = memory.found
        print(f"  memory {found.megabytes:.0f} MB, {found.slope:+.1f} MB a minute")


if __name__ == "__main__":
    main()
