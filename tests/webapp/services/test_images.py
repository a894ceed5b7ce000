"""Pictures of episodes: kept once, shown as our own copy, forgotten with the last."""

import json
import struct
import time
import zlib
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from random import Random
from shutil import rmtree

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from PIL import Image as Pillow

from scoring.schema import Blob
from webapp.models import Image, Project
from webapp.services import drafts, episodes, images, imports, tidying, undos, uploads

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def emptied() -> Iterator[None]:
    yield
    rmtree(settings.DATA_DIR / "images", ignore_errors=True)


def picture(
    kind: str = "PNG", size: tuple[int, int] = (48, 32), mode: str = "RGB"
) -> bytes:
    file = BytesIO()
    Pillow.new(mode, size, 3).save(file, kind)
    return file.getvalue()


def blob(data: bytes, media_type: str = "image/png") -> Blob:
    return Blob(sha256(data).hexdigest(), data, media_type)


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG whose header alone is large: a few bytes that would be gigabytes."""

    def part(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\0" * 4096))
    return b"\x89PNG\r\n\x1a\n" + body + part(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", "RGB"), ("PNG", "P"), ("PNG", "I;16"), ("PNG", "LA")),
        *(("JPEG", "RGB"), ("JPEG", "CMYK"), ("GIF", "P"), ("WEBP", "RGB")),
    ],
)
def test_a_picture_is_kept_with_a_thumbnail_of_our_own(kind: str, mode: str) -> None:
    data = picture(kind, mode=mode)

    stored = images.store(blob(data))

    assert stored.media_type == f"image/{kind.lower()}"
    assert images.path_of(stored.sha256).read_bytes() == data
    with Pillow.open(images.thumbnail_of(stored.sha256)) as small:
        assert (small.format, small.size) == ("WEBP", (48, 32))


def test_a_large_picture_is_shown_small() -> None:
    stored = images.store(blob(picture(size=(3000, 1500))))

    with Pillow.open(images.thumbnail_of(stored.sha256)) as small:
        assert small.size == (1024, 512)


def test_nothing_that_was_written_beside_the_pixels_goes_along() -> None:
    file = BytesIO()
    extra = Pillow.Exif()
    extra[0x010E] = "<script>alert(1)</script>"
    Pillow.new("RGB", (20, 20)).save(file, "JPEG", exif=extra, comment=b"<script>")

    stored = images.store(blob(file.getvalue()))

    assert b"script" not in images.thumbnail_of(stored.sha256).read_bytes()


def test_the_same_bytes_are_one_file_however_often_they_come() -> None:
    one = blob(picture())

    assert images.store(one) == images.store(one)
    files = [
        path for path in (settings.DATA_DIR / "images").rglob("*") if path.is_file()
    ]
    assert sorted(path.name for path in files) == [one.sha256, f"{one.sha256}.webp"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(SVG, id="svg"),
        pytest.param(bomb(), id="50,000 x 50,000"),
        pytest.param(bomb(5001, 5000), id="just too large"),
        pytest.param(picture()[:60], id="cut"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0" * 200, id="only the magic bytes"),
        pytest.param(b"GIF89a" + b"\xff" * 300, id="broken GIF"),
        pytest.param(b"RIFF\x10\x00\x00\x00WEBPVP8L" + b"\xff" * 90, id="broken WebP"),
        pytest.param(b"<html><script>alert(1)</script>", id="page"),
        pytest.param(b"%PDF-1.7 " + b"x" * 99, id="pdf"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_picture_is_kept_and_never_shown(data: bytes) -> None:
    stored = images.store(blob(data, "image/png"))

    assert stored.media_type == ""
    assert images.path_of(stored.sha256).read_bytes() == data
    assert not images.thumbnail_of(stored.sha256).exists()


def test_mutated_pictures_crash_nothing() -> None:
    random = Random(7)
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        for _ in range(40):
            data = bytearray(picture(kind, size=(64, 64)))
            for _ in range(random.randint(1, 12)):
                data[random.randrange(len(data))] = random.randrange(256)
            images.store(blob(bytes(data)))


def seen(data: bytes) -> dict[str, str]:
    return {"observation": f"data:image/png;base64,{b64encode(data).decode()}"}


def imported(project: Project, *runs: str) -> None:
    upload = uploads.store(BytesIO("\n".join(runs).encode()))
    job = imports.start(project, user=None, upload=upload, filename="runs.jsonl")
    assert job.claim()
    job.finish("done", result=imports.run(job))


def run_with(data: bytes, task: str = "Look.") -> str:
    return json.dumps({"task": task, "steps": [{**seen(data), "text": "A square."}]})


def test_an_import_writes_down_which_episode_shows_what(project: Project) -> None:
    data = picture()

    imported(project, run_with(data), run_with(data, "Look again."))

    assert Image.objects.count() == 2
    for episode in project.episodes.all():
        [image] = episode.images.all()
        assert f"sha256:{image.sha256}" in episode.steps.get().observation
        assert (image.size, image.media_type) == (len(data), "image/png")


def test_an_import_that_is_repeated_adds_nothing(project: Project) -> None:
    for _ in range(2):
        imported(project, run_with(picture()))

    assert Image.objects.count() == 1


def test_a_file_goes_with_the_last_episode_that_shows_it(project: Project) -> None:
    data = picture()
    imported(project, run_with(data), run_with(data, "Look again."))
    path = images.path_of(sha256(data).hexdigest())
    later = time.time() + 2 * images.GRACE

    episodes.delete(project.episodes.all()[0])
    images.forget(later)
    assert path.exists()
    episodes.delete(project.episodes.get())
    images.forget()
    assert path.exists(), "it may be on its way to a row"
    images.forget(later)
    assert not path.exists()
    assert not images.thumbnail_of(path.name).exists()
    images.forget(later)


def test_undoing_an_import_lets_go_of_its_pictures(project: Project) -> None:
    imported(project, run_with(picture()))
    undo = undos.start(project.jobs.get(), user=None)
    undo.claim()
    undos.run(undo)

    assert not Image.objects.exists()


def test_uploads_that_were_never_imported_are_tidied_up(
    project: Project, alice: User
) -> None:
    imported(project, run_with(picture()))
    used = uploads.find(project.jobs.get().input["upload"])
    idle = drafts.keep(project, BytesIO(b"idle"), filename="idle.txt")
    torn = settings.DATA_DIR / "uploads" / ".draft-torn"
    torn.touch()
    path = settings.DATA_DIR / "uploads" / sha256(b"idle").hexdigest()
    assert idle.token

    tidying.sweep(time.time() + drafts.MAX_AGE)
    assert path.exists(), "somebody may still import it"
    assert tidying.sweep(time.time() + 3 * drafts.MAX_AGE)

    assert not path.exists()
    assert not torn.exists()
    assert used.path.exists()


def test_tidying_is_done_once_an_hour(project: Project) -> None:
    now = time.time() + 10 * drafts.MAX_AGE
    (settings.DATA_DIR / "tidied").unlink(missing_ok=True)

    assert tidying.sweep()
    assert not tidying.sweep()
    assert tidying.sweep(now)
