"""`python -m benchmarks.load`: steady load, three times too much, latency against load,
random kill -9.

The product's own broker, scorers, jobs worker and web on loopback; the scorers hold a
stand-in for a model that takes as long as a device would and whose every answer the
client can check. Its default pace makes the scorers the limit, not the web. With
`--real` what is killed holds the real language model and two reward models of random
heads, and every answer must be bit by bit that of before the kills. Nothing outlives
the run.
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
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import bulk, models, plot, served, truth
from benchmarks.journal import Asked, Journal, closed, opened
from benchmarks.memory import Memory

MODELS = ("1" * 64, "2" * 64)
# of an answer, in seconds; what comes later is worth nothing
DEADLINE = 3.0
# a killed web server is back well within it, and so are those it kept waiting
CHAOS_DEADLINE = 15.0
KILLS_EVERY = 3.0
# of a scoring job
BULK_EPISODES = 4
# of what the scorers can do, the rates of the plot
SHARES = (0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["steady", "plot", "chaos"])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--milliseconds", type=float, default=50, help="an episode")
    parser.add_argument("--replicas", type=int, help="2, of real ones 1")
    parser.add_argument("--real", action="store_true", help="kills, with real scorers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plots", type=Path)
    options = parser.parse_args()
    options.replicas = options.replicas or (1 if options.real else 2)
    found: dict[str, Any] = {"machine": served.machine()}
    print(found["machine"])
    with served.data_of_its_own() as data:
        found |= real(data, options) if options.real else with_stubs(data, options)
    print(f"afterwards: {served.machine()}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


def with_stubs(data: Path, options: argparse.Namespace) -> dict[str, Any]:
    stubs = [f"stub-{i}" for i in range(options.replicas)]
    pace, found = options.milliseconds, dict[str, Any]()
    with served.served(
        data, model=MODELS[0], stubs=stubs, milliseconds=pace, jobs=True
    ) as house:
        served.add_model(house, MODELS[1])
        if options.only in {None, "steady"}:
            found |= asyncio.run(loads(house, options))
        if options.only == "plot" or (options.plots and not options.only):
            found["plot"] = asyncio.run(sweep(house, options))
        if options.only in {None, "chaos"}:
            found["chaos"] = chaos(house, options, Asked(MODELS))
    return found


def real(data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Kills alone, of what `make up` runs on one machine."""
    hashes = models.write(data, 0, 1)
    names = [f"scorer-{i}" for i in range(options.replicas)]
    with served.served(data, model=hashes[0], scorers=names, jobs=True) as house:
        served.add_model(house, hashes[1])
        runs = truth.short(truth.FEW, seed=5)
        right = truth.as_before(house, runs, hashes)
        return {"chaos": chaos(house, options, Asked(hashes, runs, right, at_once=2))}


async def loads(house: served.Served, options: argparse.Namespace) -> dict[str, Any]:
    """What the path carries with every client waiting for its answer, then three times
    as much as that, whether answered or not."""
    capacity = _capacity(options)
    with Memory(house.children) as memory:
        steady = await closed(house, options.clients, options.seconds, DEADLINE)
    _say(f"{options.clients} clients, {capacity:.0f}/s at most", steady, memory)
    rate = 3 * steady.goodput
    with Memory(house.children) as more:
        flood = await opened(house, rate, options.seconds, DEADLINE)
    _say(f"three times too much, {rate:.0f}/s", flood, more)
    kept = flood.goodput / steady.goodput
    print(f"  of what the scorers can do {flood.goodput / capacity:.0%}")
    print(f"  goodput kept under overload {kept:.0%} (bar: 80 %)")
    return {
        "steady": steady.summary() | asdict(memory.found),
        "overload": flood.summary() | asdict(more.found) | {"kept": kept},
    }


async def sweep(house: served.Served, options: argparse.Namespace) -> dict[str, Any]:
    """How long answers take at growing rates of arrival, nobody waiting for another."""
    found: dict[float, dict[str, Any]] = {}
    for share in SHARES:
        rate = share * _capacity(options)
        journal = await opened(house, rate, min(options.seconds, 8.0), DEADLINE)
        found[rate] = journal.summary()
        _say(f"{rate:.0f}/s, {share:.0%} of what the scorers can do", journal)
    series = {
        name: [(rate, row[name]) for rate, row in found.items()]
        for name in ("p50", "p95", "p99")
    }
    labels = ("requests a second", "ms until a right answer, those refused left out")
    if options.plots:
        plot.curves(options.plots / "latency.svg", series, labels)
    return {f"{rate:.0f}": row for rate, row in found.items()}


def chaos(
    house: served.Served, options: argparse.Namespace, what: Asked
) -> dict[str, Any]:
    """Kill -9 of a scorer, the jobs worker, the web or the broker every few seconds,
    under load."""
    chance = random.Random(options.seed)
    killed: dict[str, list[float]] = {}

    async def asked() -> Journal:
        return await closed(
            house,
            options.clients // 4,
            options.seconds,
            CHAOS_DEADLINE,
            asked=what,
            pause=0.05,
        )

    async def both() -> tuple[Journal, dict[str, int]]:
        runs = what.runs[:BULK_EPISODES]
        jobs = bulk.jobs(house, options.seconds, runs, what.is_right)
        return await asyncio.gather(asked(), jobs)

    with served.revived(house), _killed(house, chance, killed, options.seconds):
        journal, jobs = asyncio.run(both())
    kills = sum(map(len, killed.values()))
    found = {**journal.summary(), "kills": kills, "recovery": killed, "jobs": jobs}
    _say(f"{kills} kills", journal)
    for part, seconds in sorted(killed.items()):
        print(
            f"  {part} killed {len(seconds)} times, answers again after, s "
            f"{served.median(seconds)}"
        )
    print(
        f"  hung {found['hung']} (bar: 0), wrong {found['wrong']} (bar: 0), "
        f"connections broken by a killed web {found['broken']}\n"
        f"  scoring jobs {jobs} (bar: all done, 0 wrong, failed or lost)"
    )
    return found


@contextmanager
def _killed(
    house: served.Served,
    chance: random.Random,
    killed: dict[str, list[float]],
    seconds: float,
) -> Iterator[None]:
    """For so many seconds; what was sent before may take longer to end."""
    stopped, until = threading.Event(), time.monotonic() + seconds

    def kill() -> None:
        while not stopped.wait(KILLS_EVERY) and time.monotonic() < until:
            name = chance.choice(sorted(house.children))
            process = house.children[name].process
            house.children[name].kill()
            began = time.monotonic()
            # the next one only once there is something to kill again
            served.until(partial(_works, house, name, process), 60)
            part = name.rstrip("-0123456789")
            killed.setdefault(part, []).append(time.monotonic() - began)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _works(house: served.Served, name: str, killed: Any) -> bool:
    """Whether the house answers, or the successor of a killed jobs worker does."""
    if name != "jobs":
        return served.scores(house)
    from webapp import signs

    process = house.children[name].process
    signed = signs.alive().get(name, {}).get("pid")
    return process is not None and process is not killed and signed == process.pid


def _capacity(options: argparse.Namespace) -> float:
    """Episodes a second that the stand-ins can answer together."""
    return float(options.replicas * 1000 / options.milliseconds)


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
        shares = (f"{name} {share:.2f}" for name, share in memory.shares.items())
        print(f"  cores kept busy: {', '.join(shares)}")


if __name__ == "__main__":
    main()
