"""Imports: an uploaded file becomes episodes, a short transaction at a time.

Everything is identified by content, so an import that is repeated, or was killed
half-way, goes on where it stopped by simply starting over.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from django.conf import settings
from django.contrib.auth.models import User

from scoring import formats, schema
from scoring.formats import Reading, Results, RowError
from webapp.models import Job, Project
from webapp.models.job import Kind
from webapp.services import episodes, jobs, undos, uploads
from webapp.services.carrying import Left
from webapp.services.episodes import Counts
from webapp.services.uploads import Upload

# the rest is in the file `errors_path` names
ERRORS_INLINE = 100
ERROR_COLUMNS = ("line", "member", "pointer", "detail", "truncated")


def start(
    project: Project,
    *,
    user: User | None,
    upload: Upload,
    filename: str,
    format: str | None = None,
    kinds: dict[str, str] | None = None,
    key: str | None = None,
    grows: str = "",
) -> Job:
    """Queue the import of a stored file. `filename` is shown, never opened. `kinds`
    maps names of tools to kinds of steps (scoring.formats.kinds). What `grows` is
    named, and each import of that name holds more of it than the one before.

    Raises:
        InvalidInput: no reader knows the file (or `format`), or `kinds` has rules that
            are none; nothing is queued.
        Conflict: the key stands for another request.
    """
    with upload.path.open("rb") as stream:
        reading = formats.open_file(stream, format=format, kinds=kinds)
        recognised = reading.format.name
    data = {
        "upload": upload.sha256,
        "size": upload.size,
        "filename": uploads.shown(filename),
        "format": recognised,
        **({"kinds": kinds} if kinds else {}),
    }
    if grows:
        data["grows"] = grows
    return jobs.create(project, kind=Kind.IMPORT, user=user, data=data, key=key)


def run(job: Job) -> dict[str, Any]:
    """Import the job's file and return its counts: read, created, duplicates, failed,
    warnings, revised (runs that were here in another version) with the labels carried
    over from there and unmatched, replaced (earlier versions of what grows); the first
    errors with line and reason; and the first runs that left labels behind.

    Raises:
        Invalid: the file is gone.
        InvalidInput: the file as a whole can't be read.
        Cancelled: on request; what was imported so far stays.
    """
    upload = uploads.find(job.input["upload"])
    counts: Counter[str] = Counter(read=0, failed=0, warnings=0, **Counts().numbers())
    inline: list[dict[str, Any]] = []
    left: list[Left] = []
    path = errors_path(job)
    path.parent.mkdir(exist_ok=True)
    with upload.path.open("rb") as stream, path.open("w") as log:
        for name, results in _files(stream, job.input):
            good = _set_aside(results, counts, inline, log)
            for chunk in episodes.chunks(good):
                stored = episodes.create_chunk(
                    job.project, chunk, source_format=name, job=job
                )
                counts.update(stored.numbers())
                left += stored.left[: ERRORS_INLINE - len(left)]
                jobs.report(job, **_progress(stream, upload), **counts)
    if "grows" in job.input:
        counts["replaced"] = undos.replace_earlier(job)
    found = {"errors": inline, "left": [asdict(one) for one in left]}
    return {"format": job.input["format"], **counts, **found}


def errors_path(job: Job) -> Path:
    """Every error of the import, one JSON line each; exists once the job has run."""
    folder: Path = settings.DATA_DIR / "import-errors"
    return folder / f"{job.pk}.jsonl"


def errors_as_csv(job: Job) -> Iterator[str]:
    """The same as lines of a table, which no spreadsheet takes for formulas."""
    table = csv.writer(_Lines())
    yield table.writerow(ERROR_COLUMNS)
    with errors_path(job).open() as log:
        for line in log:
            row = json.loads(line)
            yield table.writerow([_cell(row.get(name)) for name in ERROR_COLUMNS])


class _Lines:
    """What the csv module writes to, which gives each line back."""

    def write(self, line: str) -> str:
        return line


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _files(stream: BinaryIO, data: dict[str, Any]) -> Iterator[tuple[str, Results]]:
    """What is read of a file, by format: an archive may hold several, and neighbours
    of one format are taken together, as they are written together."""
    format, kinds = data["format"], data.get("kinds")
    readings = formats.open_files(stream, format=format, kinds=kinds)
    for name, some in groupby(readings, key=_format_name):
        yield name, formats.flat(some)


def _format_name(reading: Reading | RowError) -> str:
    return "" if isinstance(reading, RowError) else reading.format.name


def _set_aside(
    results: Results,
    counts: Counter[str],
    inline: list[dict[str, Any]],
    log: TextIO,
) -> Iterator[schema.Episode]:
    """The episodes; what couldn't be read is counted and written down."""
    for result in results:
        counts["read"] += 1
        if isinstance(result, schema.Episode):
            counts["warnings"] += bool(result.meta.get("warnings"))
            yield result
            continue
        counts["failed"] += 1
        row = asdict(result)
        log.write(json.dumps(row) + "\n")
        if len(inline) < ERRORS_INLINE:
            inline.append(row)


def _progress(stream: BinaryIO, upload: Upload) -> dict[str, int]:
    return {"done_bytes": stream.tell(), "total_bytes": upload.size}
