"""Episodes by API: up, listed, read, gone."""

import io
import json
from base64 import b64encode
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests import factories
from webapp.models import Episode, Job, Project
from webapp.services import imports

URL = "/api/v1/episodes/"


def lines(*tasks: str) -> bytes:
    runs = [factories.a_run(task=task).to_dict() for task in tasks]
    return "\n".join(map(json.dumps, runs)).encode()


def upload(api: APIClient, body: bytes, **headers: str) -> Any:
    return api.generic("POST", URL, body, "application/x-ndjson", headers=headers)


def test_a_bare_body_becomes_an_import_job(api: APIClient, project: Project) -> None:
    response = upload(api, lines("one", "two"))
    job = response.json()
    assert (response.status_code, job["kind"], job["state"]) == (
        202,
        "import",
        "queued",
    )
    assert response.headers["Location"] == job["url"]
    assert api.get(job["url"]).json() == job
    imports.run(claimed(job["id"]))
    assert set(project.episodes.values_list("task", flat=True)) == {"one", "two"}


def claimed(pk: str) -> Job:
    job = Job.objects.get(pk=pk)
    assert job.claim()
    return job


def test_a_form_with_a_file_becomes_an_import_job(api: APIClient) -> None:
    file = io.BytesIO(lines("one"))
    file.name = "../../runs.jsonl"
    response = api.post(URL, {"file": file}, format="multipart")
    assert response.status_code == 202
    assert Job.objects.get().input["filename"] == "runs.jsonl"


def test_a_form_without_a_file_is_refused(api: APIClient) -> None:
    response = api.post(URL, {"file": "text"}, format="multipart")
    assert (response.status_code, response.json()["pointer"]) == (400, "/file")


def test_the_same_key_is_the_same_job_and_another_file_a_conflict(
    api: APIClient,
) -> None:
    key = {"Idempotency-Key": "upload-1"}
    body = lines("one")
    first, again = (upload(api, body, **key).json() for _ in range(2))
    assert first == again
    assert upload(api, lines("two"), **key).status_code == 409
    assert Job.objects.count() == 1


def test_a_file_beyond_the_limit_is_refused_early(
    api: APIClient, settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    assert upload(api, lines("one")).status_code == 413


def test_rows_an_import_refused_come_as_an_attachment(api: APIClient) -> None:
    body = lines("one") + b'\n{"task": "<script>alert(1)</script>"}\n' + lines("two")
    pk = upload(api, body).json()["id"]
    imports.run(claimed(pk))
    response = api.get(f"/api/v1/jobs/{pk}/errors/")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Disposition"].startswith("attachment")
    rows = [json.loads(line) for line in response.getvalue().splitlines()]
    assert [row["line"] for row in rows] == [2]


def test_a_list_is_filtered_by_what_is_declared(
    api: APIClient, project: Project, alice: User
) -> None:
    won = factories.an_episode(project, outcome={"success": True}, agent="a")
    lost = factories.an_episode(project, outcome={"success": False}, agent="b")
    factories.a_label(won, alice)
    assert ids(api, "success=true") == [str(won.pk)]
    assert ids(api, "labelled=false") == [str(lost.pk)]
    assert ids(api, "agent=b") == [str(lost.pk)]
    assert ids(api, f"text={won.task.upper()}") == [str(won.pk)]


def ids(api: APIClient, query: str) -> list[str]:
    return [row["id"] for row in api.get(f"{URL}?{query}").json()["results"]]


def test_a_list_comes_in_pages(api: APIClient, project: Project) -> None:
    for _ in range(3):
        factories.an_episode(project)
    page = api.get(f"{URL}?limit=2").json()
    assert (page["count"], len(page["results"])) == (3, 2)
    assert len(api.get(page["next"]).json()["results"]) == 1


def test_a_list_costs_the_same_queries_however_long(
    api: APIClient, project: Project, django_assert_max_num_queries: Any
) -> None:
    for _ in range(10):
        factories.an_episode(project)
    # token, its last use, project, membership, count, rows
    with django_assert_max_num_queries(8):
        assert len(api.get(URL).json()["results"]) == 10


def test_an_episode_comes_back_as_it_was_uploaded(
    api: APIClient, project: Project
) -> None:
    run = factories.a_run(5)
    factories.episodes.create_many(project, [run], source_format="pacenote")
    episode = project.episodes.get()
    found = api.get(f"{URL}{episode.pk}/").json()
    assert found["episode"] == run.to_dict() | {"gamma": project.gamma}
    assert found["content_hash"] == run.content_hash()


def test_a_deleted_episode_is_gone(api: APIClient, episode: Episode) -> None:
    path = f"{URL}{episode.pk}/"
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize("state", ["queued", "done"])
def test_a_job_is_cancelled_only_while_it_is_open(
    api: APIClient, project: Project, state: str
) -> None:
    job = factories.a_job(project, state=state)
    answer = api.post(f"/api/v1/jobs/{job.pk}/cancel/").json()
    assert answer["state"] == {"queued": "cancelled", "done": "done"}[state]


def test_a_picture_is_listed_with_its_episode_and_fetched_by_its_hash(
    api: APIClient, outsider: APIClient, project: Project
) -> None:
    data = b"\x89PNG\r\n\x1a\n" + bytes(99)
    url = f"data:image/png;base64,{b64encode(data).decode()}"
    line = json.dumps({"task": url, "steps": [{"text": "I see."}]}).encode()
    imports.run(claimed(upload(api, line).json()["id"]))
    episode = project.episodes.get()

    [image] = api.get(f"{URL}{episode.pk}/").json()["images"]
    response = api.get(image["url"])

    assert (image["size"], image["media_type"]) == (len(data), "")
    assert b"".join(response.streaming_content) == data  # type: ignore[attr-defined]
    assert response.headers["Content-Disposition"].startswith("attachment; ")
    assert outsider.get(image["url"]).status_code == 404
    assert api.get(f"{URL}{episode.pk}/images/{'0' * 64}/").status_code == 404
