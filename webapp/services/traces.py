"""Traces that an instrumented agent streams in: spooled by trace, then imported.

A trace is a folder with the spans that came so far, in OTLP's own JSON, so that what
reads uploaded traces reads these. It is imported when its root span has ended, or when
it has been quiet for long. Spans that come later make it grow, and it is imported again
as the next version of the run, which keeps the labels. It takes the place of the one
before, unless somebody has judged that one.
"""

import fcntl
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import IO, Any

from django.conf import settings

from scoring.errors import InvalidInput
from scoring.formats.rows import MAX_ROW
from webapp.models import Project
from webapp.services import imports, uploads

# in seconds: how long to wait for spans after the root's end, and without its end
GRACE = 5
QUIET = 60
# how long a trace is remembered, so that late spans find the others
REMEMBERED = 3600
MAX_TRACES = 5_000
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SPAN_ID = re.compile(r"[0-9a-fA-F]{16}")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many spans were taken and how many not, and why not."""

    accepted: int
    rejected: int
    reason: str = ""


def accept(project: Project, request: Mapping[str, Any]) -> Receipt:
    """Spool the spans of an OTLP export request, in JSON with hexadecimal ids."""
    traces: defaultdict[str, list[Json]] = defaultdict(list)
    refused: Counter[str] = Counter()
    for resource, scope, span in _spans(request):
        trace = str(span.get("traceId", "")).lower()
        if not _TRACE_ID.fullmatch(trace) or not _SPAN_ID.fullmatch(
            str(span.get("spanId", ""))
        ):
            refused["a span needs a traceId and a spanId in hexadecimal"] += 1
            continue
        one = {"scope": scope, "spans": [span]}
        traces[trace].append({"resource": resource, "scopeSpans": [one]})
    accepted = 0
    for trace, spans in traces.items():
        if problem := _append(_folder(project) / trace, spans):
            refused[problem] += len(spans)
        else:
            accepted += len(spans)
    return Receipt(accepted, refused.total(), "; ".join(refused))


def sweep(now: float | None = None) -> None:
    """Import the traces that are complete, and forget those imported long ago."""
    now = time.time() if now is None else now
    for spans in sorted((settings.DATA_DIR / "traces").glob("*/*/spans")):
        folder, quiet = spans.parent, now - spans.stat().st_mtime
        if quiet > REMEMBERED:
            rmtree(folder)
        elif quiet > (GRACE if (folder / "ended").exists() else QUIET):
            _import(folder)


def _spans(request: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Json]]:
    for resource in _objects(request, "resourceSpans"):
        for scope in _objects(resource, "scopeSpans"):
            for span in _objects(scope, "spans"):
                yield resource.get("resource"), scope.get("scope"), span


def _objects(row: Mapping[str, Any], name: str) -> list[Json]:
    found = row.get(name)
    listed = found if isinstance(found, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _folder(project: Project) -> Path:
    return Path(settings.DATA_DIR / "traces" / str(project.pk))


def _append(folder: Path, spans: list[Json]) -> str | None:
    """Write spans to their trace; why not, if there is no room for them."""
    line = json.dumps({"resourceSpans": spans}).encode() + b"\n"
    if not folder.exists() and sum(1 for _ in folder.parent.glob("*")) >= MAX_TRACES:
        return f"more than {MAX_TRACES} traces at once"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder) as file:
        if file.tell() + len(line) > MAX_ROW:
            return f"a trace larger than {MAX_ROW >> 20} MB"
        file.write(line)
    if any(_is_ended_root(one) for row in spans for one in row["scopeSpans"]):
        (folder / "ended").touch()
    return None


@contextmanager
def _locked(folder: Path) -> Iterator[IO[bytes]]:
    with (folder / "spans").open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _is_ended_root(scope: Json) -> bool:
    [span] = scope["spans"]
    ended = str(span.get("endTimeUnixNano") or 0) != "0"
    return ended and not span.get("parentSpanId")


def _import(folder: Path) -> None:
    """Import a trace as it is now, unless that was done."""
    done = folder / "imported"
    with _locked(folder) as file:
        size = file.tell()
        if done.exists() and done.read_text() == str(size):
            return
        file.seek(0)
        # a trace is never larger than a row of a file, whatever uploads may be
        upload = uploads.store(file, limit=MAX_ROW)  # type: ignore[arg-type]
    project = Project.objects.filter(pk=folder.parent.name).first()
    if project is None:
        rmtree(folder)
        return
    # a trace in which no agent did anything: remembered, so that it isn't tried again
    with suppress(InvalidInput):
        imports.start(
            project,
            user=None,
            upload=upload,
            filename=f"trace {folder.name}",
            format="otlp",
            key=f"trace:{folder.name}:{size}",
            grows=folder.name,
        )
    done.write_text(str(size))
