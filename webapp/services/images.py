"""Pictures of episodes: kept under the hash of their bytes, shown as thumbnails.

Every picture is hostile until it is decoded and encoded anew: what a browser shows is
always our own WebP, never the bytes that were uploaded. What is no picture of the few
kinds that are decoded, an SVG with its scripts above all, is only ever a download.
"""

import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from django.conf import settings
from PIL import Image as Pillow

from scoring.schema import Blob
from webapp.models import Episode, Image

# width and height in pixels; a page's picture can be tall
THUMBNAIL = (1024, 2048)
# of what is decoded: 100 MB at four bytes each
MAX_PIXELS = 25_000_000
KINDS = ("PNG", "JPEG", "GIF", "WEBP")
SMOOTH = ("RGB", "RGBA", "L", "LA", "CMYK")
# in seconds: a file comes before the row that speaks of it
GRACE = 3600

# Pillow's own guard, which looks at frames that come later too
Pillow.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Stored:
    """As the row of an Image has it."""

    sha256: str
    size: int
    media_type: str


def store(blob: Blob) -> Stored:
    """Keep a blob's bytes and, if they are a picture, its thumbnail. The same bytes
    twice are one file."""
    path = path_of(blob.sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = _opened(blob.data)
    if path.exists():
        # young again, so that `forget` leaves it to the row that comes
        os.utime(path)
    else:
        _write(path, blob.data)
    shown = thumbnail_of(blob.sha256)
    media_type = ""
    if picture is not None and (shown.exists() or _shrink(picture, shown)):
        media_type = Pillow.MIME[picture.format or ""]
    return Stored(blob.sha256, len(blob.data), media_type)


def add(pairs: Iterable[tuple[Episode, Stored]]) -> None:
    """Write down which episodes show what was stored."""
    Image.objects.bulk_create(
        Image(
            episode=episode,
            sha256=one.sha256,
            size=one.size,
            media_type=one.media_type,
        )
        for episode, one in pairs
    )


def of(episode: Episode) -> dict[str, Image]:
    """The pictures of an episode by the hash that its texts name."""
    return {image.sha256: image for image in Image.objects.filter(episode=episode)}


def path_of(sha256: str) -> Path:
    """Where the bytes are; the hash is our own, never a user's text."""
    folder: Path = settings.DATA_DIR / "images"
    return folder / sha256[:2] / sha256


def thumbnail_of(sha256: str) -> Path:
    return path_of(sha256).with_suffix(".webp")


def forget(now: float | None = None) -> None:
    """Delete the files of pictures whose last episode is gone."""
    before = (time.time() if now is None else now) - GRACE
    folder = settings.DATA_DIR / "images"
    for shelf in sorted(folder.iterdir()) if folder.exists() else ():
        files = [path for path in shelf.iterdir() if path.stat().st_mtime < before]
        names = {path.name[:64] for path in files}
        rows = Image.objects.filter(sha256__in=names)
        wanted = set(rows.values_list("sha256", flat=True).distinct())
        for name in names - wanted:
            # the thumbnail may be younger
            path_of(name).unlink(missing_ok=True)
            thumbnail_of(name).unlink(missing_ok=True)


def _opened(data: bytes) -> Pillow.Image | None:
    """A picture whose header is read and nothing decoded; None for what isn't one."""
    try:
        picture = Pillow.open(BytesIO(data), formats=KINDS)
    except Exception:  # noqa: BLE001 - what a decoder raises at hostile bytes is anything
        return None
    return picture if picture.width * picture.height <= MAX_PIXELS else None


def _shrink(picture: Pillow.Image, path: Path) -> bool:
    """Write the thumbnail, if the picture can be decoded at all."""
    made = BytesIO()
    try:
        # a JPEG can be decoded at a fraction of its size
        picture.draft("RGB", THUMBNAIL)
        wanted = "RGBA" if picture.has_transparency_data else "RGB"
        # other modes can't be made small well; these needn't be copied whole before
        small = picture if picture.mode in SMOOTH else picture.convert(wanted)
        small.thumbnail(THUMBNAIL)
        small.convert(wanted).save(made, "WEBP", quality=80)
    except Exception:  # noqa: BLE001 - as above
        return False
    _write(path, made.getvalue())
    return True


def _write(path: Path, data: bytes) -> None:
    """The file is there whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as new:
        new.write(data)
    os.replace(new.name, path)
