"""Models of other people's taken in by API, and ours given out as their folders."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from tests import factories
from tests.webapp.api.conftest import client_of
from tests.webapp.conftest import Trained
from webapp.models import Job, Project, RewardModel
from webapp.models.token import Scope
from webapp.services import model_exchange, uploads

IMPORT = "/api/v1/reward-models/import/"
# what a zip holds is the device's process's to find out
THEIRS = b"PK what stands for a checkpoint"


def form(**fields: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("theirs.zip", THEIRS), **fields}


def test_a_checkpoint_becomes_a_job(api: APIClient, project: Project) -> None:
    answer = api.post(IMPORT, form(reading="trl"), format="multipart")
    assert answer.status_code == 202
    job = project.jobs.get()
    assert answer.headers["Location"] == f"/api/v1/jobs/{job.pk}/"
    assert answer.json()["kind"] == job.kind == "adopt"
    stored = uploads.find(job.input.pop("upload"))
    assert stored.path.read_bytes() == THEIRS
    assert job.input == {"filename": "theirs.zip", "reading": "trl"}


def test_the_body_itself_may_be_the_zip_and_its_separator_be_its_own(
    api: APIClient, project: Project
) -> None:
    url = f"{IMPORT}?reading=math_shepherd&separator=%0A%0A&filename=prm.zip"
    answer = api.post(url, THEIRS, content_type="application/zip")
    assert answer.status_code == 202
    told = project.jobs.get().input
    assert (told["reading"], told["separator"]) == ("math_shepherd", "\n\n")
    assert told["filename"] == "prm.zip"


def test_the_same_key_is_the_same_job(api: APIClient, project: Project) -> None:
    codes = [
        api.post(
            IMPORT,
            form(reading=reading),
            format="multipart",
            headers={"Idempotency-Key": "night"},
        ).status_code
        for reading in ("trl", "trl", "qwen_math_prm")
    ]
    assert codes == [202, 202, 409]
    assert project.jobs.count() == 1


@pytest.fixture
def model(project: Project, trained: Trained) -> RewardModel:
    """A candidate whose files are in place."""
    return factories.a_reward_model(project, sha256=trained.sha256)


def test_a_model_is_packed_by_a_job_and_then_downloaded(
    api: APIClient, model: RewardModel, project: Project
) -> None:
    path = f"/api/v1/reward-models/v{model.version}/folder/"
    assert api.get(path).status_code == 404
    asked, again = api.post(path), api.post(path)
    assert (asked.status_code, asked.json()["kind"]) == (202, "pack")
    assert again.json()["id"] == asked.json()["id"]
    packed = model_exchange.packed(model.sha256)
    packed.parent.mkdir(exist_ok=True)
    packed.write_bytes(b"PK")
    try:
        answer = api.get(path)
    finally:
        packed.unlink()
    assert b"".join(answer.streaming_content) == b"PK"
    assert answer.headers["Content-Type"] == "application/zip"
    name = f"{project.slug}-v{model.version}.zip"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'


def test_a_reader_downloads_and_starts_nothing(
    api_with: Callable[..., APIClient], model: RewardModel
) -> None:
    reader = api_with(Scope.READ)
    path = f"/api/v1/reward-models/v{model.version}/folder/"
    assert (reader.post(path).status_code, reader.get(path).status_code) == (403, 404)
    assert reader.post(IMPORT, form(reading="trl")).status_code == 403


def test_the_scope_does_not_make_an_annotator_an_engineer(
    bob: User, project: Project, model: RewardModel
) -> None:
    as_bob = client_of(bob, project)
    answer = as_bob.post(IMPORT, form(reading="trl"), format="multipart")
    assert answer.status_code == 404
    assert (
        as_bob.post(f"/api/v1/reward-models/v{model.version}/folder/").status_code
        == 404
    )
    assert not Job.objects.exists()


def test_another_projects_model_is_not_given_out(
    outsider: APIClient, model: RewardModel
) -> None:
    path = f"/api/v1/reward-models/{model.sha256}/folder/"
    assert (outsider.get(path).status_code, outsider.post(path).status_code) == (
        404,
        404,
    )


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, ""),
        ({"reading": "tea leaves"}, "/reading"),
        ({"reading": "trl", "separator": "x" * 41}, "/separator"),
        ({"reading": "trl", "separator": "\x00"}, "/separator"),
        ({"reading": "trl", "separator": "a\x07b"}, "/separator"),
    ],
)
def test_what_does_not_say_how_it_is_read_is_refused_and_starts_nothing(
    api: APIClient, fields: dict[str, str], pointer: str
) -> None:
    answer = api.post(IMPORT, form(**fields), format="multipart")
    assert answer.status_code == 400
    assert answer.json()["pointer"] == pointer
    assert not Job.objects.exists()


def test_a_form_without_a_file_is_refused(api: APIClient) -> None:
    answer = api.post(IMPORT, {"reading": "trl"}, format="multipart")
    assert (answer.status_code, answer.json()["pointer"]) == (400, "/file")


def test_a_folder_of_other_peoples_is_one_already(
    api: APIClient, model: RewardModel
) -> None:
    model.origin = {"reading": "trl"}
    model.save()
    answer = api.post(f"/api/v1/reward-models/v{model.version}/folder/")
    assert answer.status_code == 422
    assert "download it as it is" in answer.json()["detail"]


def test_an_empty_body_is_no_file(api: APIClient, project: Project) -> None:
    answer = api.post(f"{IMPORT}?reading=trl", b"", content_type="application/zip")
    assert (answer.status_code, answer.json()["pointer"]) == (400, "/file")
    assert not project.jobs.exists()


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_it_is_only_posted_to(api: APIClient, method: str) -> None:
    assert getattr(api, method)(IMPORT).status_code == 405
