"""Uploading files."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import factories
from webapp.models import Job, Project
from webapp.services import imports


@pytest.fixture
def path(project: Project) -> str:
    return f"/projects/{project.slug}/upload/"


def a_file(name: str = "runs.jsonl", *, content: bytes | None = None) -> BytesIO:
    line = json.dumps(factories.a_run().to_dict()).encode() + b"\n"
    file = BytesIO(line if content is None else content)
    file.name = name
    return file


def sent(browser: Client, path: str, *files: BytesIO) -> dict[str, Any]:
    """Upload files; returns what their page would send to go on."""
    page = browser.post(path, {"files": list(files)})
    kept = [draft for draft in page.context["drafts"] if draft.token]
    return {
        "draft": [draft.token for draft in kept],
        "format": [draft.chosen for draft in kept],
    }


def test_a_file_is_shown_before_it_is_imported(
    as_bob: Client, project: Project, path: str
) -> None:
    page = as_bob.post(path, {"files": a_file()}).content.decode()

    assert "pacenote</span>" in page
    assert "Find record" in page
    assert "look_up" in page
    assert not Job.objects.exists()


def test_a_file_becomes_a_job_that_imports_it(
    as_bob: Client, project: Project, path: str
) -> None:
    drafts = sent(as_bob, path, a_file())

    answer = as_bob.post(path, {**drafts, "do": "import"})

    job = Job.objects.get()
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    assert job.input["filename"] == "runs.jsonl"
    assert job.claim()
    assert imports.run(job)["created"] == 1
    assert project.episodes.count() == 1


def test_many_files_become_many_jobs(
    as_bob: Client, project: Project, path: str
) -> None:
    drafts = sent(as_bob, path, a_file("a.jsonl"), a_file("b.jsonl"))

    answer = as_bob.post(path, {**drafts, "do": "import"})

    assert answer.headers["Location"] == f"/projects/{project.slug}/jobs/"
    assert Job.objects.count() == 2


def test_one_refused_file_does_not_hold_up_the_other(as_bob: Client, path: str) -> None:
    bad = a_file("bad.jsonl", content=b"\x80\x04pickle")
    drafts = sent(as_bob, path, a_file("good.jsonl"), bad)

    page = as_bob.post(path, {**drafts, "do": "import"}, follow=True)

    assert Job.objects.get().input["filename"] == "good.jsonl"
    said = [str(message) for message in page.context["messages"]]
    assert any(text.startswith("bad.jsonl:") for text in said)


def test_a_file_is_looked_at_again_in_another_format(as_bob: Client, path: str) -> None:
    drafts = sent(as_bob, path, a_file())

    page = as_bob.post(path, {**drafts, "format": ["openai_chat"], "do": "check"})

    assert page.context["drafts"][0].preview.format == "openai_chat"
    assert not Job.objects.exists()


def test_a_file_is_left_out(as_bob: Client, path: str) -> None:
    drafts = sent(as_bob, path, a_file("a.jsonl"), a_file("b.jsonl"))

    page = as_bob.post(path, {**drafts, "drop": drafts["draft"][0]})

    assert [draft.filename for draft in page.context["drafts"]] == ["b.jsonl"]


def test_a_draft_of_another_project_is_refused(
    as_bob: Client, as_charlie: Client, charlie: User, path: str
) -> None:
    own = f"/projects/{charlie.projects.get().slug}/upload/"
    drafts = sent(as_bob, path, a_file())

    page = as_charlie.post(own, {**drafts, "do": "import"})

    assert page.status_code == 422
    assert "another project" in page.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x04\x95", b"PK\x03\x04", b"[" * 100_000, b'{"a":1}\n']
)
def test_a_file_nobody_can_read_is_refused_with_a_reason(
    as_bob: Client, path: str, content: bytes
) -> None:
    page = as_bob.post(path, {"files": a_file("x.json", content=content)})

    assert page.status_code == 422
    assert "x.json" in page.content.decode()
    assert page.context["drafts"][0].problem
    assert not Job.objects.exists()


def test_no_file_is_said_so(as_bob: Client, path: str) -> None:
    page = as_bob.post(path, {})

    assert page.status_code == 422
    assert "required" in page.content.decode()


def test_without_a_worker_the_page_says_so(as_bob: Client, path: str) -> None:
    page = as_bob.get(path)

    assert page.status_code == 200
    assert "No worker is running" in page.content.decode()


def test_a_file_name_is_only_text(as_bob: Client, path: str) -> None:
    name = "<img src=x onerror=alert(1)>.jsonl"

    page = as_bob.post(path, {"files": a_file(name)}, follow=True).content.decode()

    assert "<img" not in page
    assert "onerror" in page
