"""How fast episodes get into the database, and how long one transaction holds it.

    .venv/bin/python -m benchmarks.importing [--json]

STEPS steps of made-up runs go through the service that imports use, on a database of
the benchmark's own: SQLite in a temporary folder, or what DATABASE_URL names (its
tables must be there and a project with the slug `importing` is left behind). SQLite has
one writer at a time, so the longest transaction is what a label may have to wait.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

STEPS = 200_000
STEPS_A_RUN = 25
WORDS = "the order was shipped and a refund asked for by the customer of record "


def runs(first: int) -> Iterator[Any]:
    from scoring.schema import Call, Episode, Step

    for run in range(first, first + STEPS // STEPS_A_RUN):
        steps = tuple(
            Step(
                i,
                thought=f"{run}/{i} " + WORDS * 3,
                calls=(Call("look_up", {"record": i}, result=WORDS * 10),),
                kind="tool",
            )
            for i in range(STEPS_A_RUN)
        )
        yield Episode(f"Find record {run}.", steps, id=f"run-{run}")


def measured(work: Callable[[], object], into: list[float]) -> None:
    start = time.perf_counter()
    work()
    into.append(time.perf_counter() - start)


def main() -> None:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User

    from webapp.services import episodes, projects

    owner, _ = User.objects.get_or_create(username="importing")
    project = projects.create("importing", owner=owner)
    chunks: list[float] = []
    start = time.perf_counter()
    for chunk in episodes.chunks(runs(first=0)):
        store = lambda some=chunk: episodes.create_chunk(  # noqa: E731
            project, some, source_format="pacenote"
        )
        measured(store, chunks)
    taken = time.perf_counter() - start
    row = {
        "database": connection.vendor,
        "steps": STEPS,
        "seconds": taken,
        "steps_per_s": STEPS / taken,
        "chunk_median_ms": statistics.median(chunks) * 1000,
        "chunk_p99_ms": statistics.quantiles(chunks, n=100)[98] * 1000,
        "chunk_max_ms": max(chunks) * 1000,
    }
    if "--json" in sys.argv:
        print(json.dumps(row))
    else:
        numbers = (f"{k} {v:.0f}" for k, v in row.items() if isinstance(v, float))
        print(f"importing {STEPS} steps into {connection.vendor}: {', '.join(numbers)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PACENOTE_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
        main()
