"""Uploads: kept whole, once, under the hash of their content."""

import hashlib
import time
import tracemalloc
from io import BytesIO, RawIOBase

import pytest
from django.conf import settings

from tests import factories
from webapp.errors import Invalid, TooLarge
from webapp.models import Project
from webapp.models.job import State
from webapp.services import uploads


class Endless(RawIOBase):
    """`size` bytes that exist nowhere."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        piece = b"x" * min(self.left, size)
        self.left -= len(piece)
        return piece


def drafts() -> list[str]:
    return [path.name for path in (settings.DATA_DIR / "uploads").glob(".draft*")]


def test_a_file_is_named_by_its_content_and_kept_once() -> None:
    first, again = (uploads.store(BytesIO(b"{}\n")) for _ in range(2))

    assert first == again == uploads.find(first.sha256)
    assert first.path.name == hashlib.sha256(b"{}\n").hexdigest()
    assert (first.path.read_bytes(), first.size) == (b"{}\n", 3)


def test_a_file_over_the_limit_leaves_nothing_behind() -> None:
    with pytest.raises(TooLarge):
        uploads.store(BytesIO(b"x" * 11), limit=10)

    assert not drafts()


def test_a_large_file_passes_through_little_memory() -> None:
    tracemalloc.start()
    upload = uploads.store(Endless(200 << 20))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    upload.path.unlink()

    assert (upload.size, peak < 8 << 20) == (200 << 20, True)


LATER = uploads.KEPT + 60


def kept_after(upload: uploads.Upload) -> bool:
    uploads.forget(time.time() + LATER)
    return upload.path.is_file()


@pytest.mark.parametrize(
    ("kind", "name", "while_open", "when_over"),
    [
        ("import", "upload", True, True),
        ("score", "upload", True, True),
        ("evaluate", "file", True, False),
        ("adopt", "upload", True, False),
    ],
)
def test_a_file_stays_as_long_as_a_job_may_read_it(
    kind: str, name: str, while_open: bool, when_over: bool, project: Project
) -> None:
    upload = uploads.store(BytesIO(kind.encode()))
    job = factories.a_job(project, kind, input={name: upload.sha256})
    assert kept_after(upload) is while_open
    assert job.claim()
    assert kept_after(upload) is while_open
    job.finish(State.DONE)
    assert kept_after(upload) is when_over
    job.delete()
    assert not kept_after(upload)


def test_a_file_that_was_read_at_once_goes_unless_a_job_waits_for_it(
    project: Project,
) -> None:
    upload = uploads.store(BytesIO(b"a model"))
    job = factories.a_job(project, "adopt", input={"upload": upload.sha256})
    uploads.release(upload)
    assert upload.path.is_file()
    job.delete()
    uploads.release(upload)
    assert not upload.path.is_file()


def test_a_file_that_was_looked_at_a_moment_ago_is_left_alone(project: Project) -> None:
    upload = uploads.store(BytesIO(b"a moment ago"))
    uploads.forget()
    assert upload.path.is_file()


@pytest.mark.parametrize("name", ["../secret-key", "0" * 64, "", "A" * 64, "\x00"])
def test_no_name_leads_elsewhere(name: str) -> None:
    with pytest.raises(Invalid):
        uploads.find(name)
