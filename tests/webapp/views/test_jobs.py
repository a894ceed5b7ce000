"""Watching jobs."""

import csv
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests import factories
from webapp.models import Job, Project
from webapp.services import episodes, imports

HTMX = {"HX-Request": "true"}
ERROR = {
    "line": 7,
    "detail": "expected text",
    "pointer": "/steps/0",
    "truncated": False,
}


@pytest.fixture
def job(project: Project) -> Job:
    return factories.a_job(project, input={"filename": "runs.jsonl", "size": 2048})


def test_a_queued_job_waits_and_says_why(as_bob: Client, job: Job) -> None:
    page = as_bob.get(f"/jobs/{job.pk}/").content.decode()

    assert "runs.jsonl" in page
    assert "No worker is running" in page
    assert f'hx-get="/jobs/{job.pk}/"' in page


def test_a_running_job_shows_count_rate_and_time_left(
    as_bob: Client, project: Project
) -> None:
    started = timezone.now() - timedelta(seconds=10)
    said = {"done_bytes": 1 << 20, "total_bytes": 3 << 20}
    job = factories.a_job(project, state="running", started_at=started, progress=said)

    page = as_bob.get(f"/jobs/{job.pk}/", headers=HTMX).content.decode()

    assert "<html" not in page
    assert 'value="0.3333"' in page
    assert "20 s left" in page


def test_a_finished_job_is_asked_no_more_and_links_its_episodes(
    as_bob: Client, project: Project
) -> None:
    result = {"read": 2, "created": 1, "failed": 1, "errors": [ERROR]}
    job = factories.a_job(project, state="done", result=result)

    page = as_bob.get(f"/jobs/{job.pk}/").content.decode()

    assert "hx-get" not in page
    assert f"?job={job.pk}" in page
    assert "/steps/0" in page
    assert "expected text" in page


def test_a_failed_job_says_what_is_safe(as_bob: Client, project: Project) -> None:
    job = factories.a_job(project, state="failed", error="the file is gone")

    page = as_bob.get(f"/jobs/{job.pk}/").content.decode()

    assert "the file is gone" in page
    assert "kept" in page


def test_a_job_that_waits_for_its_turn_is_not_told_like_one_that_failed(
    as_bob: Client, project: Project
) -> None:
    """Nor does it count what can't be counted."""
    told = "another training has the device: this one comes next"
    job = factories.a_job(project, kind="adopt", error=told)
    page = as_bob.get(f"/jobs/{job.pk}/").content.decode()
    listed = as_bob.get(f"/projects/{project.slug}/jobs/").content.decode()
    assert told in page
    assert "note error" not in page
    assert f'class="bad foreign">{told}' not in listed
    assert told in listed

    job.state, job.progress = "running", {"phase": "reading"}
    job.save()
    page = as_bob.get(f"/jobs/{job.pk}/").content.decode()
    assert ">reading</p>" in page.replace("\n", "")


def test_a_checkpoint_that_was_refused_is_followed_by_another(
    as_bob: Client, project: Project
) -> None:
    told = "the checkpoint has no tokenizer.json"
    job = factories.a_job(project, kind="adopt", state="failed", error=told)
    page = as_bob.get(f"/jobs/{job.pk}/").content.decode()
    assert f'href="/projects/{project.slug}/models/import/"' in page


def test_a_job_is_cancelled(as_bob: Client, job: Job) -> None:
    as_bob.post(f"/jobs/{job.pk}/cancel/")

    job.refresh_from_db()
    assert job.state == "cancelled"


def test_all_errors_are_one_download(as_bob: Client, job: Job) -> None:
    assert as_bob.get(f"/jobs/{job.pk}/errors/").status_code == 404
    path = imports.errors_path(job)
    path.parent.mkdir(exist_ok=True)
    path.write_text('{"line": 1}\n')

    answer = as_bob.get(f"/jobs/{job.pk}/errors/")

    assert b"".join(answer.streaming_content) == b'{"line": 1}\n'


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_errors_are_a_table_too_that_no_spreadsheet_runs(
    as_bob: Client, job: Job, first: str
) -> None:
    row = {**ERROR, "member": f"{first}cmd|' /C calc'!A0"}
    path = imports.errors_path(job)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(row) + "\n")

    answer = as_bob.get(f"/jobs/{job.pk}/errors/", {"as": "csv"})

    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    header, line = csv.reader(StringIO(text, newline=""))
    assert header == ["line", "member", "pointer", "detail", "truncated"]
    assert line == ["7", f"'{row['member']}", "/steps/0", "expected text", "False"]
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]


def test_errors_are_nothing_to_a_stranger(as_charlie: Client, job: Job) -> None:
    for address in ("", "?as=csv"):
        assert as_charlie.get(f"/jobs/{job.pk}/errors/{address}").status_code == 404


def test_the_list_asks_again_only_while_something_runs(
    as_bob: Client, project: Project
) -> None:
    done = {"created": 3, "duplicates": 1, "failed": 2}
    factories.a_job(project, state="done", result=done)
    address = f"/projects/{project.slug}/jobs/"
    page = as_bob.get(address).content.decode()
    assert "3 imported" in page
    assert "1 here before" in page
    assert "2 not readable" in page
    assert "hx-get" not in page

    open_job = factories.a_job(project)
    page = as_bob.get(address).content.decode()
    assert 'hx-select="#jobs"' in page
    assert f'action="/jobs/{open_job.pk}/cancel/"' in page


def test_labels_that_found_no_step_are_named_with_both_versions(
    as_bob: Client, project: Project
) -> None:
    old, new = factories.an_episode(project), factories.an_episode(project)
    left = {"episode": str(new.pk), "before": str(old.pk), "steps": [1], "whole": True}
    counts = {"created": 1, "revised": 1, "carried": 2, "unmatched": 2, "left": [left]}
    job = factories.a_job(project, state="done", result=counts)

    page = as_bob.get(f"/jobs/{job.pk}/").content.decode()

    assert "2 labels carried over, 2 without the same step" in page
    assert f'href="/episodes/{old.pk}/?step=1"' in page
    assert f'href="/episodes/{new.pk}/"' in page
    assert "on the whole run" in page


def test_the_queries_of_the_list_do_not_grow(
    as_bob: Client,
    project: Project,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(8):
        factories.a_job(project)

    with django_assert_max_num_queries(6):
        as_bob.get(f"/projects/{project.slug}/jobs/")


def test_strangers_neither_see_nor_stop_a_job(as_charlie: Client, job: Job) -> None:
    assert as_charlie.get(f"/jobs/{job.pk}/").status_code == 404
    assert as_charlie.post(f"/jobs/{job.pk}/cancel/").status_code == 404
    job.refresh_from_db()
    assert not job.cancel_requested


def test_an_import_is_undone_after_it_was_said_what_goes(
    as_alice: Client, project: Project
) -> None:
    job = factories.a_job(project, state="done", result={"created": 1})
    episodes.create_many(project, [factories.a_run()], source_format="x", job=job)
    path = f"/jobs/{job.pk}/undo/"
    assert path in as_alice.get(f"/jobs/{job.pk}/").content.decode()

    assert "1 episode that nobody" in as_alice.get(path).content.decode()
    answer = as_alice.post(path)

    undoing = project.jobs.get(kind="undo")
    assert answer.headers["Location"] == f"/jobs/{undoing.pk}/"


def test_an_import_that_was_cancelled_and_undone_says_what_it_had_done(
    as_alice: Client, project: Project
) -> None:
    undone = {"undone": {"deleted": 300, "kept": 0}}
    said = {"read": 321, "created": 300, "duplicates": 21}
    job = factories.a_job(project, state="cancelled", result=undone, progress=said)

    page = as_alice.get(f"/jobs/{job.pk}/").content.decode()

    assert "321" in page
    assert "Undone: 300 episodes deleted." in page
    assert "people have judged" not in page
    assert f"?job={job.pk}" not in page
    assert f"/jobs/{job.pk}/undo/" not in page


def test_an_annotator_is_neither_offered_an_undo_nor_obeyed(
    as_bob: Client, project: Project
) -> None:
    job = factories.a_job(project, state="done", result={"created": 1})

    assert "undo/" not in as_bob.get(f"/jobs/{job.pk}/").content.decode()
    assert as_bob.post(f"/jobs/{job.pk}/undo/").status_code == 404


def test_looking_at_cancel_cancels_nothing(as_bob: Client, job: Job) -> None:
    assert as_bob.get(f"/jobs/{job.pk}/cancel/").status_code == 405
