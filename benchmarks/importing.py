"""How fast a file becomes rows of the database, and how long a transaction holds it.

    .venv/bin/python -m benchmarks.importing [--json]
    .venv/bin/python -m tests.postgres .venv/bin/python -m benchmarks.importing

STEPS steps of made-up runs, a file of JSON Lines, go the whole way that an upload goes
but for the queue: recognised, read, hashed, written, progress reported. The database is
the benchmark's own: SQLite in a temporary folder, or what DATABASE_URL names (its
tables are made and a project with the slug `importing` is left behind). SQLite has one
writer at a time, so the longest transaction is what a label may have to wait. `cpu_s`
is this process's, so a busy machine shows as the rest of `seconds`.
"""

import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

STEPS = 200_000
STEPS_A_RUN = 25
WORDS = "the order was shipped and a refund asked for by the customer of record "

Row = dict[str, float | str]


def runs() -> Iterator[dict[str, Any]]:
    for run in range(STEPS // STEPS_A_RUN):
        steps = [
            {
                "thought": f"{run}/{i} " + WORDS * 3,
                "calls": [
                    {
                        "name": "look_up",
                        "arguments": {"record": i},
                        "result": WORDS * 10,
                    }
                ],
            }
            for i in range(STEPS_A_RUN)
        ]
        yield {"id": f"run-{run}", "task": f"Find record {run}.", "steps": steps}


def write(path: Path) -> Path:
    with path.open("w") as file:
        file.writelines(json.dumps(run) + "\n" for run in runs())
    return path


def measured(work: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
    def timed(*args: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return work(*args, **options)
        finally:
            into.append((time.perf_counter() - start) * 1000)

    return timed


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(path: Path) -> Row:
    from django.contrib.auth.models import User
    from django.db import connection

    from webapp.models import Job
    from webapp.models.job import Kind
    from webapp.services import episodes, imports, projects, uploads

    owner, _ = User.objects.get_or_create(username="importing")
    project = projects.create("importing", owner=owner)
    with path.open("rb") as stream:
        data = {"upload": uploads.store(stream).sha256, "format": "pacenote"}
    job = Job.objects.create(project=project, kind=Kind.IMPORT, input=data)
    job.claim()
    chunks: list[float] = []
    episodes.create_chunk = measured(episodes.create_chunk, chunks)
    before, start, cpu = peak(), time.perf_counter(), time.process_time()
    created = imports.run(job)["created"]
    taken = time.perf_counter() - start
    assert created == STEPS // STEPS_A_RUN, created
    return {
        "database": connection.vendor,
        "steps": float(STEPS),
        "file_mb": path.stat().st_size / 1e6,
        "seconds": taken,
        "steps_per_s": STEPS / taken,
        "cpu_s": time.process_time() - cpu,
        "more_memory_mb": peak() - before,
        "chunk_median_ms": statistics.median(chunks),
        "chunk_p99_ms": statistics.quantiles(chunks, n=100)[98],
        "chunk_max_ms": max(chunks),
        "load": os.getloadavg()[0],
    }


def main(folder: Path) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    row = run(write(folder / "runs.jsonl"))
    if "--json" in sys.argv:
        print(json.dumps(row))
        return
    numbers = (f"{k} {v:,.0f}" for k, v in row.items() if isinstance(v, float))
    print(f"importing into {row['database']}: {', '.join(numbers)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PACENOTE_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
        main(Path(folder))
