"""Files of runs that come with their step labels, read for an evaluation.

Every format that knows step labels leaves them in `meta["verdicts"]` (one a step: -1,
0, +1 or null); a `pacenote/episode@1` line carries them there itself.
"""

from dataclasses import dataclass, field

from scoring import formats, schema
from webapp.errors import Invalid
from webapp.models import Job
from webapp.services import jobs, uploads

REPORT_EVERY = 200
# the predictions of all runs are held in memory at once
MOST_RUNS = 20_000


@dataclass(frozen=True, slots=True)
class Run:
    episode: schema.Episode
    verdicts: tuple[int | None, ...]
    success: bool | None
    source: str


@dataclass(slots=True)
class Found:
    """What a file holds: runs with labels, how many have none, how many rows can't be
    read."""

    runs: list[Run] = field(default_factory=list)
    unlabelled: int = 0
    failed: int = 0


def read(job: Job) -> Found:
    """The labelled runs of the job's file.

    Raises:
        Invalid: the file is gone, holds no labelled step, or too many runs.
        UnknownFormat, UnreadableFile: as `formats.read`.
        Cancelled: on request.
    """
    found = Found()
    upload = uploads.find(job.input["file"])
    with upload.path.open("rb") as stream:
        for result in formats.read(stream, format=job.input["format"] or None):
            _sort(result, found, job.input["name"])
            if len(found.runs) % REPORT_EVERY == 0:
                jobs.report(job, phase="reading", done=len(found.runs), unit="runs")
    if not found.runs:
        raise Invalid(
            f"no labelled step in {job.input['name']} (runs without labels: "
            f"{found.unlabelled}, rows that can't be read: {found.failed}). Labels are "
            "expected in meta.verdicts, one a step, or in a format that has them "
            "(docs/formats.md)"
        )
    return found


def _sort(result: schema.Episode | formats.RowError, found: Found, name: str) -> None:
    if isinstance(result, formats.RowError):
        found.failed += 1
        return
    verdicts = verdicts_of(result)
    if verdicts is None:
        found.unlabelled += 1
        return
    if len(found.runs) >= MOST_RUNS:
        raise Invalid(f"more than {MOST_RUNS} labelled runs: cut the file in parts")
    stated = result.outcome.value
    success = bool(stated) if stated in (0.0, 1.0) else None
    found.runs.append(Run(result, verdicts, success, name))


def verdicts_of(episode: schema.Episode) -> tuple[int | None, ...] | None:
    """The labels that came with a run; None where there are none, or not one a step."""
    given = episode.meta.get("verdicts")
    if not isinstance(given, list) or len(given) != len(episode.steps):
        return None
    known = [v if type(v) is int and v in schema.VERDICTS else None for v in given]
    return tuple(known) if any(v is not None for v in known) else None
