"""Pictures in the workspace: seen small, downloaded inert, by nobody else."""

import json
from base64 import b64encode
from hashlib import sha256
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as Pillow

from scoring.formats import read
from scoring.schema import Episode as Run
from webapp.models import Episode, Project
from webapp.services import episodes

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + b"x" * 99


def picture() -> bytes:
    file = BytesIO()
    Pillow.new("RGB", (48, 32), (29, 79, 145)).save(file, "PNG")
    return file.getvalue()


PNG = picture()


def url_of(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{b64encode(data).decode()}"


@pytest.fixture
def episode(project: Project) -> Episode:
    """Its task shows a picture, its step an SVG that calls itself a PNG."""
    step = {"observation": f"![]({url_of(SVG)})", "text": "I see."}
    line = json.dumps({"task": f"Look: {url_of(PNG)}", "steps": [step]})
    runs = [run for run in read(BytesIO(line.encode())) if isinstance(run, Run)]
    episodes.create_many(project, runs, source_format="pacenote")
    return project.episodes.get()


def address(episode: Episode, data: bytes, name: str = "image") -> str:
    return reverse(name, args=[episode.pk, sha256(data).hexdigest()])


def test_the_workspace_shows_pictures_and_offers_the_rest(
    as_bob: Client, episode: Episode
) -> None:
    page = as_bob.get(reverse("workspace", args=[episode.pk])).content.decode()

    assert f'<img src="{address(episode, PNG)}"' in page
    assert f'<img src="{address(episode, SVG)}"' not in page
    assert f'href="{address(episode, SVG, "image-file")}" download' in page
    assert "data:image" not in page
    assert f"Look: sha256:{sha256(PNG).hexdigest()[:10]}…" in page


def test_a_chunk_of_steps_shows_them_too(as_bob: Client, episode: Episode) -> None:
    page = as_bob.get(reverse("steps", args=[episode.pk, 0])).content.decode()

    assert address(episode, SVG, "image-file") in page


def test_a_picture_is_our_own_copy_and_inert(as_bob: Client, episode: Episode) -> None:
    response = as_bob.get(address(episode, PNG))

    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["Content-Security-Policy"] == "sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in response.headers["Cache-Control"]
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert body[:4] + body[8:12] == b"RIFFWEBP"


@pytest.mark.parametrize("data", [PNG, SVG], ids=["png", "svg"])
def test_what_was_uploaded_is_only_ever_a_download(
    as_bob: Client, episode: Episode, data: bytes
) -> None:
    response = as_bob.get(address(episode, data, "image-file"))

    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment; ")
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert b"".join(response.streaming_content) == data  # type: ignore[attr-defined]


def test_what_cannot_be_shown_has_no_thumbnail(
    as_bob: Client, episode: Episode
) -> None:
    assert as_bob.get(address(episode, SVG)).status_code == 404


@pytest.mark.parametrize("name", ["image", "image-file"])
def test_a_stranger_finds_nothing(
    as_charlie: Client, client: Client, episode: Episode, name: str
) -> None:
    assert as_charlie.get(address(episode, PNG, name)).status_code == 404
    assert client.get(address(episode, PNG, name)).status_code == 302


@pytest.mark.parametrize("name", ["0" * 64, "-", "x" * 500, sha256(b"").hexdigest()])
def test_a_hash_that_is_not_this_episodes_is_nothing(
    as_bob: Client, episode: Episode, name: str
) -> None:
    assert as_bob.get(f"/episodes/{episode.pk}/images/{name}/").status_code == 404


def test_another_episode_lends_nothing(
    as_bob: Client, episode: Episode, project: Project
) -> None:
    """Whoever knows a hash may write it down; it opens nothing."""
    text = f"mine is sha256:{sha256(PNG).hexdigest()}"
    run = Run.from_dict({"task": text, "steps": [{"text": text}]})
    episodes.create_many(project, [run], source_format="pacenote")
    other = project.episodes.exclude(pk=episode.pk).get()

    assert as_bob.get(address(other, PNG)).status_code == 404


def test_a_picture_takes_no_orders(as_bob: Client, episode: Episode) -> None:
    assert as_bob.post(address(episode, PNG)).status_code == 405
