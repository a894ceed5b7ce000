"""Runs that are spread over the files of a directory, and come as an archive of it."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, groupby
from typing import Any

from scoring import strictjson
from scoring.errors import InvalidInput, UnreadableFile
from scoring.formats import fields, folders
from scoring.formats.format import Format, RowError
from scoring.formats.inspect import INSPECT
from scoring.formats.members import Archive
from scoring.formats.reading import (
    Reading,
    Results,
    all_records,
    of_value,
    with_blobs,
    with_member,
)
from scoring.formats.rows import MAX_ROW
from scoring.formats.voyager import VOYAGER
from scoring.schema import Episode, Outcome

_HEADERS = ("header.json", "_journal/start.json")
_ATTEMPT = re.compile(r"(?:^|/)events/(?P<task>[^/]+)_(?P<time>\d{8}_\d{6})$")
# what Voyager replaces in the name of a file
_NOT_IN_NAMES = re.compile(r'[\\/:"*?<>| ]')


def known(archive: Archive) -> Reading | None:
    """The one reading of a directory that some framework wrote; None if it isn't."""
    header = next((name for name in _HEADERS if name in archive.entries), None)
    if header is not None:
        samples = _inspect(archive, header)
        return Reading(INSPECT, chain(archive.refused, samples), (INSPECT,))
    attempts = [found for name in archive.entries if (found := _ATTEMPT.search(name))]
    if attempts:
        tasks = _voyager(archive, attempts)
        return Reading(VOYAGER, chain(archive.refused, tasks), (VOYAGER,))
    return None


def runs(archive: Archive) -> tuple[list[Reading], frozenset[str]]:
    """The runs that are spread over folders of the archive, and their files' names."""
    found = folders.find(archive.entries)
    claimed = frozenset(name for run in found for name in run.names)
    return [_run(archive, run) for run in found], claimed


def _run(archive: Archive, run: folders.Run) -> Reading:
    files = folders.Files(lambda name: archive.open(name).stream)
    format = replace(run.format, read=run.read)
    found = of_value(format, files, None, cut=False)
    results = with_member((with_blobs(one, files.blobs) for one in found), run.folder)
    return Reading(run.format, results, (run.format,), run.folder)


def _inspect(archive: Archive, header: str) -> Results:
    """`.eval`: what all samples share in one file, each sample in one of its own."""
    shared = fields.record(_json(archive, header))
    samples = [name for name in archive.entries if name.startswith("samples/")]
    for name in samples:
        yield from _read(
            archive, name, INSPECT, lambda sample: {**shared, "samples": [sample]}
        )


def _voyager(archive: Archive, attempts: list[re.Match[str]]) -> Results:
    """A checkpoint: a task is an episode, each attempt at it, in time, a step."""
    done, failed = _tasks(archive, "completed"), _tasks(archive, "failed")
    attempts.sort(key=lambda found: (found["task"], found["time"]))
    for task, some in groupby(attempts, key=lambda found: found["task"]):
        tried: list[Episode] = []
        for found in some:
            for result in _read(archive, found.string, VOYAGER, all_records):
                if isinstance(result, RowError):
                    yield result
                else:
                    tried.append(result)
        if tried:
            success = True if task in done else False if task in failed else None
            yield _joined(task, tried, Outcome(success))


def _joined(task: str, tried: list[Episode], outcome: Outcome) -> Episode:
    steps = [step for attempt in tried for step in attempt.steps]
    return replace(
        tried[0],
        task=task.replace("_", " "),
        id=task,
        steps=tuple(replace(step, index=i) for i, step in enumerate(steps)),
        outcome=outcome,
        meta={**tried[0].meta, "columns": {"attempts": len(tried)}},
    )


def _tasks(archive: Archive, which: str) -> set[str]:
    """Names of tasks as files spell them; none where the curriculum isn't there."""
    wanted = f"curriculum/{which}_tasks.json"
    name = next((name for name in archive.entries if name.endswith(wanted)), None)
    tasks = fields.items(_json(archive, name)) if name else []
    return {_NOT_IN_NAMES.sub("_", str(task)) for task in tasks}


def _read(
    archive: Archive, name: str, format: Format, record: Callable[[Any], Any]
) -> Results:
    """What `format` reads in one member, once `record` made of it what it takes."""
    try:
        value = record(_json(archive, name))
    except InvalidInput as error:
        yield RowError(error.line, error.detail, member=name)
        return
    if not value:
        # Voyager writes an empty list where it skipped a task
        return
    yield from with_member(of_value(format, value, None, cut=False), name)


def _json(archive: Archive, name: str) -> Any:
    data = archive.open(name).stream.read(MAX_ROW + 1)
    if len(data) > MAX_ROW:
        raise UnreadableFile(f"one episode larger than {MAX_ROW >> 20} MB")
    return strictjson.loads(data.decode("utf-8", "replace"))
