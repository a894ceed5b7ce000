"""Imports: everything readable comes in once, the rest is named with its line."""

import contextlib
import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from io import BytesIO, RawIOBase
from typing import Any

import pytest
from django.contrib.auth.models import User

from scoring.errors import Cancelled, InvalidInput
from tests import factories
from webapp.errors import Conflict
from webapp.models import Job, Project
from webapp.services import imports, jobs, uploads


def lines(*runs: Any) -> bytes:
    rows = (run if isinstance(run, str) else json.dumps(run.to_dict()) for run in runs)
    return "\n".join(rows).encode() + b"\n"


def queue(project: Project, data: bytes, **fields: Any) -> Job:
    upload = uploads.store(BytesIO(data))
    fields = {"user": None, "filename": "runs.jsonl", **fields}
    return imports.start(project, upload=upload, **fields)


def run(job: Job) -> dict[str, Any]:
    assert job.claim()
    return imports.run(job)


def test_a_file_of_episodes_is_imported(project: Project) -> None:
    runs = [factories.a_run(n) for n in (1, 2, 3)]

    result = run(queue(project, lines(*runs)))

    assert result["format"] == "pacenote"
    assert (result["read"], result["created"], result["failed"]) == (3, 3, 0)
    stored = project.episodes.get(external_id=runs[2].id).to_schema()
    assert stored.steps == runs[2].steps


def test_a_row_that_cannot_be_read_costs_one_row(project: Project) -> None:
    good, other = factories.a_run(), factories.a_run()
    job = queue(project, lines(good, '{"task": "no steps"}', "{broken", other))

    result = run(job)

    assert (result["created"], result["failed"]) == (2, 2)
    assert [error["line"] for error in result["errors"]] == [2, 3]
    log = imports.errors_path(job).read_text().splitlines()
    assert [json.loads(line)["line"] for line in log] == [2, 3]


def test_the_files_of_an_archive_come_in_each_in_its_format(project: Project) -> None:
    chat = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jsonl", lines(factories.a_run(), factories.a_run()))
        archive.writestr("notes.md", "# Notes")
        archive.writestr("b.json", json.dumps({"messages": chat}))

    result = run(queue(project, buffer.getvalue()))

    assert (result["format"], result["created"]) == ("archive", 3)
    assert [error["member"] for error in result["errors"]] == ["notes.md"]
    stored = project.episodes.values_list("source_format", flat=True)
    assert sorted(stored) == ["openai_chat", "pacenote", "pacenote"]


def test_the_same_content_is_imported_once(project: Project) -> None:
    data = lines(*(factories.a_run() for _ in range(4)))
    run(queue(project, data))

    result = run(queue(project, data))

    assert (result["created"], result["duplicates"]) == (0, 4)
    assert project.episodes.count() == 4


def test_an_import_that_was_killed_goes_on_where_it_was(project: Project) -> None:
    runs = [factories.a_run() for _ in range(5)]
    job = queue(project, lines(*runs))
    run(queue(project, lines(*runs[:2])))
    job.claim()
    Job.objects.filter(pk=job.pk).update(lease_until="2000-01-01T00:00Z")

    result = run(Job.objects.get(pk=job.pk))

    assert (result["created"], result["duplicates"]) == (3, 2)


def test_a_worker_that_lost_its_lease_stops(project: Project) -> None:
    job = queue(project, lines(factories.a_run()))
    job.claim()
    Job.objects.filter(pk=job.pk).update(fence=job.fence + 1)

    with pytest.raises(Cancelled):
        imports.run(job)


def test_a_cancelled_import_keeps_what_it_has(project: Project) -> None:
    job = queue(project, lines(*(factories.a_run(900) for _ in range(4))))
    job.claim()
    jobs.cancel(job)

    with pytest.raises(Cancelled):
        imports.run(job)

    assert 0 < project.episodes.count() < 4


def test_progress_is_told_in_bytes(project: Project) -> None:
    job = queue(project, lines(factories.a_run()))
    run(job)
    job.refresh_from_db()

    assert job.progress["done_bytes"] == job.progress["total_bytes"]
    assert job.progress["created"] == 1


def test_the_same_key_is_the_same_job(project: Project) -> None:
    data = lines(factories.a_run())

    assert queue(project, data, key="k") == queue(project, data, key="k")
    with pytest.raises(Conflict):
        queue(project, lines(factories.a_run()), key="k")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x80\x04\x95", id="pickle"),
        pytest.param(b"PK\x03\x04zip", id="archive"),
        pytest.param(b"<!doctype html><p>", id="web page"),
        pytest.param(b'{"weather": "fine"}', id="no trajectory"),
    ],
)
def test_what_no_reader_knows_is_refused_before_a_job(
    project: Project, data: bytes
) -> None:
    with pytest.raises(InvalidInput):
        queue(project, data)

    assert not project.jobs.exists()


ROW = '{"task": %s, "steps": [{"text": "hi"}]}'


@pytest.mark.parametrize(
    "task",
    [
        pytest.param('"a\\u0000b"', id="NUL"),
        pytest.param('"\\ud800"', id="surrogate"),
        pytest.param("NaN", id="NaN"),
        pytest.param("[" * 100_000, id="depth"),
        pytest.param("1" * 4_000, id="long number"),
        pytest.param("true", id="no text"),
    ],
)
def test_what_no_database_takes_is_a_row_error(project: Project, task: str) -> None:
    result = run(queue(project, lines(factories.a_run(), ROW % task)))

    assert (result["created"], result["failed"]) == (1, 1)


def test_a_cut_last_line_is_counted_as_an_error(project: Project) -> None:
    data = lines(factories.a_run(), factories.a_run())[:-40]

    result = run(queue(project, data))

    assert (result["created"], result["errors"][0]["truncated"]) == (1, True)


def test_bytes_of_old_encodings_and_a_bom_come_in(project: Project) -> None:
    data = b"\xef\xbb\xbf" + (ROW % '"caf\xe9"').encode("latin-1")

    run(queue(project, data))

    assert project.episodes.get().task == "caf\xe9"


def test_script_in_a_text_is_stored_as_the_text_it_is(project: Project) -> None:
    evil = "<script>alert(1)</script>"
    run(queue(project, (ROW % json.dumps(evil)).encode(), filename=evil + "\x00"))

    assert project.episodes.get().task == evil
    assert project.jobs.get().input["filename"] == evil


def test_an_episode_of_20_000_steps_and_a_step_of_5_mb_come_in(
    project: Project,
) -> None:
    long = factories.a_run(20_000)
    wide = factories.a_run(1, system="", task="x" * (5 << 20))

    result = run(queue(project, lines(long, wide)))

    assert result["created"] == 2
    assert project.episodes.get(external_id=long.id).steps.count() == 20_000


class Written(RawIOBase):
    """A large JSONL file that is made while it is read."""

    def __init__(self, rows: Iterator[bytes]) -> None:
        self.rows = rows

    def read(self, size: int = -1) -> bytes:
        return next(self.rows, b"")


def test_a_large_file_needs_no_more_memory_than_a_small_one(project: Project) -> None:
    text = "word " * 40_000
    rows = (lines(factories.a_run(2, system=text)) for _ in range(400))
    upload = uploads.store(Written(rows))  # type: ignore[arg-type]
    job = imports.start(project, user=None, upload=upload, filename="large.jsonl")
    tracemalloc.start()
    result = run(job)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert result["created"] == 400
    assert (upload.size > 75 << 20, peak < 25 << 20) == (True, True)


def test_every_real_sample_comes_in_row_by_row(project: Project, samples: Any) -> None:
    for path in sorted(samples.rglob("*.json*")):
        with contextlib.suppress(InvalidInput):
            result = run(queue(project, path.read_bytes(), filename=path.name))
            outcomes = (result[name] for name in ("created", "duplicates", "failed"))
            assert result["read"] == sum(outcomes)

    assert project.episodes.exists()


def test_the_owner_of_an_import_is_known(project: Project, alice: User) -> None:
    job = queue(project, lines(factories.a_run()), user=alice)
    run(job)

    assert project.episodes.get().import_job == job
    assert job.created_by == alice
