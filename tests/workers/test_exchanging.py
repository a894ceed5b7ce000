"""Checkpoints of other people's taken in, and ours given out as they know them."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from scoring.prm.train import TrainConfig, train
from tests import factories
from tests.scoring.prm.stories import examples
from tests.scoring.prm.test_foreign import checkpoint
from webapp.models import Job, Project, RewardModel
from webapp.services import model_exchange, reward_models
from workers import ending, examining, exchanging, trunk

pytestmark = pytest.mark.usefixtures("small")


def zipped(folder: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder.parent))
    return stream.getvalue()


@pytest.fixture
def as_alice(arena_project: Project) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="alice"))
    return client


def sent(
    client: Client, project: Project, data: bytes, reading: str, **more: str
) -> Any:
    file = SimpleUploadedFile("theirs.zip", data)
    return client.post(
        f"/projects/{project.slug}/models/import/",
        {"file": file, "reading": reading, **more},
    )


def settled(job: Job, work: ending.Work) -> Job:
    assert job.claim()
    ending.settle(job, work)
    job.refresh_from_db()
    return job


def test_a_checkpoint_is_taken_in_by_page_then_measured_and_audited(
    arena_project: Project, as_alice: Client, tmp_path: Path
) -> None:
    data = zipped(checkpoint(tmp_path / "theirs", "trl", context=8192))
    answer = sent(as_alice, arena_project, data, "trl")
    job = arena_project.jobs.get(kind="adopt")
    assert answer.url == f"/jobs/{job.pk}/"
    assert as_alice.get(answer.url).status_code == 200

    settled(job, exchanging.adopt)

    assert job.state == "done", job.error
    model = arena_project.reward_models.get()
    assert as_alice.get(f"/jobs/{job.pk}/").url == f"/reward-models/{model.pk}/"
    assert (model.state, model.origin["reading"]) == ("candidate", "trl")
    assert model.origin["by"] == "alice"
    page = as_alice.get(f"/reward-models/{model.pk}/").content.decode()
    assert "theirs.zip" in page
    assert "As a transformers folder" not in page

    assert model.audit_job is not None
    audit = settled(model.audit_job, examining.audit)
    assert audit.state == "done", audit.error
    model.refresh_from_db()
    # it knows nothing: that has to be said before it may serve
    assert "A16 place alone" in model.failed_bars
    assert model.evaluations.count() == 1


def test_the_same_checkpoint_again_is_the_same_candidate(
    arena_project: Project, tmp_path: Path
) -> None:
    folder = checkpoint(tmp_path / "theirs", "shepherd")
    for _ in range(2):
        job = model_exchange.request_adoption(
            arena_project,
            user=None,
            source=folder,
            name="theirs",
            reading="math_shepherd",
        )
        settled(job, exchanging.adopt)
    model = arena_project.reward_models.get()
    assert job.result == {"reward_model": model.pk}
    assert model.card["label_type"] == "value"


def test_one_trained_with_a_separator_of_its_own_is_read_at_that(
    arena_project: Project, as_alice: Client, tmp_path: Path
) -> None:
    """Two models, since their readings differ; what is typed is a line break."""
    data = zipped(checkpoint(tmp_path / "theirs", "trl"))
    for separator in ("", r"\n\n"):
        sent(as_alice, arena_project, data, "trl", separator=separator)
    for job in arena_project.jobs.filter(kind="adopt").order_by("created_at"):
        assert settled(job, exchanging.adopt).state == "done", job.error
    usual, own = arena_project.reward_models.order_by("version")
    for model, separator in ((usual, "\n"), (own, "\n\n")):
        kept = json.loads((model.directory / "config.json").read_text())
        assert kept["pacenote"]["reading"]["separator"] == separator
    page = as_alice.get(f"/reward-models/{own.pk}/").content.decode()
    assert r"separator <code>\n\n</code>" in page


@pytest.mark.parametrize(
    ("reading", "separator"), [("trl", "x" * 41), ("trl", "a\x07"), ("", "###")]
)
def test_a_separator_that_cannot_be_is_refused_on_the_page(
    reading: str, separator: str, arena_project: Project, as_alice: Client
) -> None:
    answer = sent(as_alice, arena_project, b"x", reading, separator=separator)
    assert (answer.status_code, arena_project.jobs.count()) == (422, 0)
    assert 'name="separator"' in answer.content.decode()


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def beside(folder: Path) -> None:
    shutil.copytree(folder, folder / "another")


@pytest.mark.parametrize(
    ("spoil", "kind", "reading", "told"),
    [
        (without("tokenizer.json"), "trl", "trl", "no tokenizer.json"),
        (without("model.safetensors"), "trl", "trl", "no safetensors"),
        (without("config.json"), "trl", "trl", "config.json"),
        (beside, "trl", "trl", "one transformers folder"),
        (lambda folder: None, "shepherd", "qwen_math_prm", "no two-way head"),
    ],
)
def test_what_cannot_be_adopted_is_said(
    spoil: Callable[[Path], None],
    kind: str,
    reading: str,
    told: str,
    arena_project: Project,
    as_alice: Client,
    tmp_path: Path,
) -> None:
    folder = checkpoint(tmp_path / "theirs", kind)
    spoil(folder)
    sent(as_alice, arena_project, zipped(folder), reading)

    job = settled(arena_project.jobs.get(kind="adopt"), exchanging.adopt)

    assert (job.state, told in job.error) == ("failed", True), job.error
    assert not arena_project.reward_models.exists()
    assert told in as_alice.get(f"/jobs/{job.pk}/").content.decode()


def test_a_reading_nobody_knows_is_refused_on_the_page(
    arena_project: Project, as_alice: Client
) -> None:
    answer = sent(as_alice, arena_project, b"x", "tea leaves")
    assert (answer.status_code, arena_project.jobs.count()) == (422, 0)


def test_a_model_leaves_as_a_transformers_folder_and_comes_back(
    arena_project: Project, as_alice: Client, settings: Any
) -> None:
    config = TrainConfig(epochs=4, members=2, rank=8)
    made = train(
        examples(), trunk.load(), config, settings.DATA_DIR, lambda progress: None
    )
    model = reward_models.add(arena_project, sha256=made.sha256, card=made.card)

    answer = as_alice.post(f"/reward-models/{model.pk}/pack/")
    job = settled(arena_project.jobs.get(kind="pack"), exchanging.pack)
    assert job.state == "done", job.error
    assert "Download" in as_alice.get(answer.url).content.decode()
    again = as_alice.post(f"/reward-models/{model.pk}/pack/")
    assert (again.url, arena_project.jobs.count()) == (answer.url, 1)
    data = b"".join(as_alice.get(f"{answer.url}file/").streaming_content)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = {name.split("/", 1)[1] for name in archive.namelist()}
    top = {"config.json", "model.safetensors", "tokenizer.json", "README.md"}
    assert top | {"pacenote/card.json"} <= names
    there = factories.a_project(owner=User.objects.get(username="alice"))
    back = sent(as_alice, there, data, "")
    found = RewardModel.objects.get(project=there)
    assert (back.url, found.sha256) == (f"/reward-models/{found.pk}/", model.sha256)


def test_annotators_have_nothing_packed(arena_project: Project, client: Client) -> None:
    model = factories.a_reward_model(arena_project)
    client.force_login(factories.a_member(arena_project))
    assert client.post(f"/reward-models/{model.pk}/pack/").status_code == 404
