"""Drafts: files that were uploaded and looked at, and not imported yet.

Nothing of a draft is stored but its file. What stands for it meanwhile is a signed
token on the page, so that nobody can name a file that somebody else has uploaded.
"""

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import BinaryIO

from django.core import signing
from django.utils.translation import gettext as _

from scoring import formats, schema
from scoring.errors import InvalidInput
from scoring.formats import RowError
from webapp.errors import AppError, Invalid
from webapp.models import Project
from webapp.services import uploads
from webapp.services.uploads import Upload

SALT = "webapp.drafts"
# in seconds
MAX_AGE = 86_400
# how long, in seconds, and at how many episodes a look may be
LOOK_SECONDS = 0.5
LOOK_EPISODES = 200
STEPS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Preview:
    """What a first look at a file found. `fits` are the formats that know it, the one
    that would read it first; counts are of what was `seen` up to now, which is all of
    the file where it `is_whole`."""

    format: str
    fits: tuple[str, ...]
    first: schema.Episode | None
    episodes: int
    steps: int
    warnings: tuple[tuple[str, int], ...]
    errors: tuple[RowError, ...]
    failed: int
    is_whole: bool

    @property
    def steps_shown(self) -> tuple[schema.Step, ...]:
        return self.first.steps[:STEPS_SHOWN] if self.first else ()

    @property
    def is_ambiguous(self) -> bool:
        return len(self.fits) > 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A file on its way in. `size` in bytes; `chosen` is the format somebody picked;
    either `preview` or `problem` says what it is."""

    filename: str
    size: int = 0
    token: str = ""
    chosen: str = ""
    preview: Preview | None = None
    problem: str = ""


def keep(
    project: Project, stream: BinaryIO, *, filename: str, format: str = ""
) -> Draft:
    """Store a file and look at it. One that is too large is a draft with a problem."""
    try:
        upload = uploads.store(stream)
    except AppError as error:
        return Draft(filename, problem=error.detail)
    sealed = signing.dumps([project.pk, upload.sha256, filename], salt=SALT)
    return _looked_at(Draft(filename, upload.size, sealed, format), upload)


def again(project: Project, token: str, *, format: str = "") -> Draft:
    """Look at a draft again, perhaps in another format.

    Raises: as `find`.
    """
    upload, filename = find(project, token)
    return _looked_at(Draft(filename, upload.size, token, format), upload)


def find(project: Project, token: str) -> tuple[Upload, str]:
    """The stored file of a draft, and what it was called.

    Raises:
        Invalid: the token isn't one of this project, is too old, or its file is gone.
    """
    try:
        owner, sha256, filename = signing.loads(token, salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        raise Invalid(_("this upload has expired; upload the file again")) from None
    if owner != project.pk:
        raise Invalid(_("this upload belongs to another project"))
    return uploads.find(sha256), filename


def _looked_at(draft: Draft, upload: Upload) -> Draft:
    try:
        return replace(draft, preview=preview(upload, draft.chosen or None))
    except InvalidInput as error:
        return replace(draft, problem=error.detail)


def preview(upload: Upload, format: str | None = None) -> Preview:
    """Read the first episodes of a stored file.

    Raises:
        InvalidInput: no reader knows it, or it can't be read at all.
    """
    seen: list[schema.Episode] = []
    errors: list[RowError] = []
    warnings: Counter[str] = Counter()
    until = time.monotonic() + LOOK_SECONDS
    with upload.path.open("rb") as stream:
        reading = formats.open_file(stream, format=format)
        is_whole = False
        while (found := len(seen) + len(errors)) < LOOK_EPISODES:
            # a look that shows nothing at all is none, however long it takes
            if found and time.monotonic() > until:
                break
            result = next(reading.episodes, None)
            if result is None:
                is_whole = True
                break
            if isinstance(result, RowError):
                errors.append(result)
            else:
                seen.append(result)
                warnings.update(map(str, result.meta.get("warnings") or ()))
    return Preview(
        format=reading.format.name,
        fits=tuple(one.name for one in reading.fits),
        first=seen[0] if seen else None,
        episodes=len(seen),
        steps=sum(len(episode.steps) for episode in seen),
        warnings=tuple(warnings.most_common(5)),
        errors=tuple(errors[:3]),
        failed=len(errors),
        is_whole=is_whole,
    )
