"""Uploads: kept whole, once, under the hash of their content."""

import hashlib
import tracemalloc
from io import BytesIO, RawIOBase

import pytest
from django.conf import settings

from webapp.errors import Invalid, TooLarge
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


@pytest.mark.parametrize("name", ["../secret-key", "0" * 64, "", "A" * 64, "\x00"])
def test_no_name_leads_elsewhere(name: str) -> None:
    with pytest.raises(Invalid):
        uploads.find(name)
