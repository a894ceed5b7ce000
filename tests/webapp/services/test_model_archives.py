"""Models as a file: out and back in, and whatever else calls itself a model."""

import io
import shutil
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from tests import factories
from tests.webapp.conftest import Trained
from webapp.errors import AppError, Invalid
from webapp.models import Project, RewardModel
from webapp.services import model_archives, model_files

Files = dict[str, bytes]


@pytest.fixture
def model(project: Project, trained: Trained) -> RewardModel:
    return factories.a_reward_model(project, sha256=trained.sha256, card=trained.card)


def files_of(model: RewardModel) -> Files:
    with model_archives.pack(model) as packed, zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: Files) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    stream.seek(0)
    return stream


def test_a_model_travels_to_another_project_and_installation(
    model: RewardModel, charlie: User
) -> None:
    with model_archives.pack(model) as packed:
        archive = io.BytesIO(packed.read())
    there = factories.a_project(owner=charlie)
    kept = model.directory.rename(model.directory.with_name("aside"))
    try:
        made = model_archives.unpack(there, archive, user=charlie, filename="m.zip")
        model_files.verify(made)
    finally:
        shutil.rmtree(kept)

    assert (made.sha256, made.state) == (model.sha256, "candidate")
    assert made.card["data"] == model.card["data"]
    assert made.origin["file"] == "m.zip"
    assert made.origin["by"] == "charlie"
    assert made.audit_job is not None


def test_the_same_model_again_is_the_same_candidate(
    model: RewardModel, alice: User
) -> None:
    files = files_of(model)
    again = [
        model_archives.unpack(
            model.project, zipped(files), user=alice, filename="m.zip"
        )
        for _ in range(2)
    ]
    assert again == [model, model]


def test_the_same_model_packs_to_the_same_bytes(model: RewardModel) -> None:
    with model_archives.pack(model) as one, model_archives.pack(model) as two:
        assert one.read() == two.read()


def flipped(files: Files) -> Files:
    name = next(name for name in files if name.endswith("model.safetensors"))
    return files | {name: files[name][:-1] + bytes([files[name][-1] ^ 1])}


def with_pickle(files: Files) -> Files:
    return files | {"x/pytorch_model.bin": b"\x80\x04cos\nsystem\n."}


def climbing(files: Files) -> Files:
    return files | {"../../evil.json": b"{}"}


def without_manifest(files: Files) -> Files:
    return {k: v for k, v in files.items() if "manifest" not in k}


def unlisted(files: Files) -> Files:
    return files | {"x/more.json": b"{}"}


def twice(files: Files) -> Files:
    return files | {"other/card.json": b"{}"}


def with_nan(files: Files) -> Files:
    name = next(name for name in files if name.endswith("card.json"))
    return files | {name: b'{"metrics": NaN}'}


def bomb(files: Files) -> Files:
    return files | {f"x/{i}.json": b"{}" for i in range(50)}


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (flipped, "not the files its manifest speaks of: model.safetensors"),
        (with_pickle, "pytorch_model.bin is refused"),
        (climbing, "leads out of the archive"),
        (without_manifest, "manifest.json can't be read"),
        (unlisted, "manifest speaks of: more.json"),
        (twice, "files of one model"),
        (with_nan, "manifest speaks of: card.json"),
        (bomb, "files of one model"),
    ],
)
def test_what_is_no_model_leaves_nothing(
    model: RewardModel, charlie: User, spoil: Callable[[Files], Files], why: str
) -> None:
    there = factories.a_project(owner=charlie)
    folder = model.directory.parent
    before = {path.name for path in folder.iterdir()}

    with pytest.raises(Invalid, match=why):
        model_archives.unpack(
            there, zipped(spoil(files_of(model))), user=charlie, filename="m.zip"
        )

    assert {path.name for path in folder.iterdir()} == before
    assert not there.reward_models.exists()


@pytest.mark.parametrize("body", [b"", b"\x80\x04.", b"PK\x03\x04 cut", b"{}"])
def test_what_is_no_archive_is_said(project: Project, body: bytes) -> None:
    with pytest.raises(AppError):
        model_archives.unpack(project, io.BytesIO(body), user=None, filename="x")


def test_a_card_of_another_shape_is_shown_without_an_error(
    model: RewardModel, alice: User, client: Any
) -> None:
    """A card is a stranger's: it may say anything that is JSON."""
    client.force_login(alice)
    cards: list[Any] = [
        {"metrics": {"steps": []}},
        {"metrics": {"steps": {"prm": "good"}}, "config": [1], "software": 3},
        {"metrics": {"steps": {"prm": {"auroc": "<b>", "ece": [1, "x"]}}}},
        {"data": {"counts": {"train": {"wrong": "many"}}}, "metrics": 7},
    ]
    for card in cards:
        RewardModel.objects.update(card=card)
        for page in ("", "evaluation/", f"compare/{model.pk}/", "promote/"):
            answer = client.get(f"/reward-models/{model.pk}/{page}")
            assert answer.status_code == 200, (card, page)
        project = f"/projects/{model.project.slug}"
        assert client.get(f"{project}/models/").status_code == 200
