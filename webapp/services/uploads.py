"""Uploaded files, kept under the hash of their content and nobody's file name."""

import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from django.conf import settings
from django.db.models import Q

from webapp.errors import Invalid, TooLarge
from webapp.models import Job
from webapp.models.job import Kind

CHUNK = 1 << 20
# in seconds: longer than anybody may wait with an import (drafts.MAX_AGE)
KEPT = 2 * 86_400


@dataclass(frozen=True, slots=True)
class Upload:
    """A stored file; `size` in bytes."""

    sha256: str
    path: Path
    size: int


def store(stream: BinaryIO, *, limit: int | None = None) -> Upload:
    """Stream a file into the data folder. It appears whole or not at all, and the same
    content twice is one file.

    Raises:
        TooLarge: more than `limit` bytes (settings.MAX_UPLOAD_BYTES).
    """
    folder = settings.DATA_DIR / "uploads"
    folder.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=folder, prefix=".draft-", delete=False
    ) as draft:
        try:
            sha256, size = _copy(stream, draft, limit or settings.MAX_UPLOAD_BYTES)
            os.replace(draft.name, folder / sha256)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
    return Upload(sha256, folder / sha256, size)


def shown(filename: str) -> str:
    """A file's name as a row may keep it: to be shown, never opened."""
    name = filename.replace("\x00", "").encode("utf-8", "replace").decode()
    return name[-200:] or "unnamed"


def find(sha256: str) -> Upload:
    """Raises: Invalid when no such file was uploaded."""
    path = settings.DATA_DIR / "uploads" / sha256
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not path.is_file():
        raise Invalid("the uploaded file is gone; upload it again")
    return Upload(sha256, path, path.stat().st_size)


def release(upload: Upload) -> None:
    """Delete a file that was read at once, unless a job is to read the same one."""
    if upload.sha256 not in _wanted():
        upload.path.unlink(missing_ok=True)


def forget(now: float | None = None) -> None:
    """Delete the files that were uploaded and looked at, and never imported; and those
    whose job needed them once, when it is over."""
    before = (time.time() if now is None else now) - KEPT
    folder = settings.DATA_DIR / "uploads"
    old = [path for path in folder.glob("*") if path.stat().st_mtime < before]
    wanted = set(_wanted()) if old else set()
    for path in old:
        # half-written ones are what a killed process left
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def _wanted() -> Iterator[str]:
    """The files that jobs read, or may read again."""
    lasting = ~Q(kind=Kind.ADOPT) | Q(pk__in=Job.objects.open())
    with_upload = Job.objects.filter(lasting, input__has_key="upload")
    yield from with_upload.values_list("input__upload", flat=True)
    evaluations = Job.objects.open().filter(kind=Kind.EVALUATE)
    yield from evaluations.values_list("input__file", flat=True)


def _copy(stream: BinaryIO, draft: IO[bytes], limit: int) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while piece := stream.read(CHUNK):
        size += len(piece)
        if size > limit:
            raise TooLarge(f"the file is larger than {limit >> 20} MB")
        digest.update(piece)
        draft.write(piece)
    draft.flush()
    os.fsync(draft.fileno())
    return digest.hexdigest(), size
