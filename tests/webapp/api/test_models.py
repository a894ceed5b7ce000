"""The rest of the circle by API: snapshot, training, models, specs, exports."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from scoring import rewards
from tests import factories
from tests.webapp.api.conftest import client_of
from tests.webapp.conftest import Trained
from webapp.models import Job, Project
from webapp.services import exports, training


@pytest.fixture
def labelled(alice: User) -> Project:
    return factories.a_labelled_project(alice)


@pytest.fixture
def api(alice: User, labelled: Project) -> APIClient:
    return client_of(alice, labelled)


def test_the_same_labels_are_the_same_snapshot(api: APIClient) -> None:
    first, again = (
        api.post("/api/v1/snapshots/", {"seed": 1}, format="json") for _ in range(2)
    )
    assert (first.status_code, first.json()) == (201, again.json())
    assert api.get(f"/api/v1/snapshots/{first.json()['id']}/").json() == first.json()


def test_too_few_labels_are_refused_with_numbers(alice: User) -> None:
    empty = client_of(alice, factories.a_project(owner=alice))
    response = empty.post("/api/v1/training-runs/", {}, format="json")
    assert (response.status_code, response.json()["code"]) == (422, "not-enough-labels")
    assert not Job.objects.exists()


def test_a_run_shows_its_progress_and_its_curve(api: APIClient) -> None:
    run = api.post("/api/v1/training-runs/", {}, format="json").json()
    path = f"/api/v1/training-runs/{run['id']}/"
    job = Job.objects.get(pk=run["job"]["id"])
    assert job.claim()
    row = job.training_run
    row.job = job
    training.record_progress(row, phase="heads", done=1, total=9, epoch=0, loss=0.7)
    found = api.get(path).json()
    assert found["curve"] == [[0, 0.7, None]]
    assert found["job"]["progress"]["total"] == 9
    assert api.post(f"{path}cancel/").json()["job"]["cancel_requested"] is True


def test_the_same_key_is_the_same_run(api: APIClient) -> None:
    headers = {"Idempotency-Key": "night"}
    runs = [
        api.post("/api/v1/training-runs/", {}, format="json", headers=headers).json()
        for _ in range(2)
    ]
    assert runs[0]["id"] == runs[1]["id"]


@pytest.mark.parametrize("config", [{"tier": "magic"}, {"seed": True}, {"x": 1}])
def test_an_unknown_configuration_is_refused(api: APIClient, config: Any) -> None:
    body = {"config": config}
    response = api.post("/api/v1/training-runs/", body, format="json")
    assert response.status_code == 400
    assert response.json()["pointer"].startswith("/config")


def test_a_model_is_found_by_any_of_its_names(
    api: APIClient, labelled: Project
) -> None:
    model = factories.a_reward_model(labelled, "champion", sha256="ab" * 32)
    names = ("champion", f"v{model.version}", str(model.version), "abababab")
    found = [api.get(f"/api/v1/reward-models/{name}/").json() for name in names]
    assert all(row == found[0] for row in found)
    assert api.get("/api/v1/reward-models/v999999/").status_code == 404


def test_a_model_whose_files_are_gone_is_not_promoted(
    api: APIClient, labelled: Project
) -> None:
    model = factories.a_reward_model(labelled)
    response = api.post(f"/api/v1/reward-models/v{model.version}/promote/")
    assert response.status_code == 422
    assert api.get("/api/v1/reward-models/champion/").status_code == 404


def test_a_failed_audit_is_overridden_with_a_reason(
    api: APIClient, labelled: Project, trained: Trained
) -> None:
    check = {"id": "A1", "hard": True, "status": "fail"}
    audit = {"checks": [check]}
    factories.a_reward_model(labelled, version=1, sha256=trained.sha256, audit=audit)
    url = "/api/v1/reward-models/v1/promote/"

    refused = api.post(url)
    made = api.post(url, {"override": "a test ride"}, format="json").json()

    assert (refused.status_code, "A1" in refused.json()["detail"]) == (409, True)
    assert refused.json()["code"] == "blocked"
    assert [row["code"] for row in refused.json()["objections"]] == ["failed-bars"]
    assert (made["state"], made["override"]["reason"]) == ("champion", "a test ride")
    assert api.post(url, {"override": 1}, format="json").status_code == 400


def test_there_is_nothing_to_roll_back_to_at_first(api: APIClient) -> None:
    assert api.post("/api/v1/reward-models/roll-back/").status_code == 422


def a_spec(**fields: Any) -> dict[str, Any]:
    return rewards.DEFAULT.to_dict() | {"id": "reward/ours"} | fields


def test_a_spec_is_a_version_that_never_changes(api: APIClient) -> None:
    url = "/api/v1/reward-specs/"
    made = api.post(url, a_spec(), format="json")
    assert made.status_code == 201
    assert api.post(url, a_spec(), format="json").json() == made.json()
    assert api.post(url, a_spec(gamma=0.9), format="json").status_code == 409
    hidden = api.post(url, a_spec(gamma=0.9, version="1.1.0"), format="json")
    assert (hidden.status_code, hidden.json()["pointer"]) == (400, "/version")
    newer = api.post(url, a_spec(gamma=0.9, version="2.0.0"), format="json").json()
    assert api.get(f"{url}ours/").json() == newer
    assert api.get(f"{url}{made.json()['sha256']}/").json() == made.json()


def test_a_built_in_spec_cannot_be_taken_over(api: APIClient) -> None:
    theirs = a_spec(id="reward/default", version="1.9.0", gamma=0.5)
    assert api.post("/api/v1/reward-specs/", theirs, format="json").status_code == 422


def test_a_spec_is_checked_without_being_stored(api: APIClient) -> None:
    body = a_spec()
    body["components"]["final"]["weight"] = 0.1
    found = api.post("/api/v1/reward-specs/lint/", body, format="json").json()
    assert any("success" in warning for warning in found["warnings"])
    assert found["margin"]["dominance"] == -0.3
    assert api.get("/api/v1/reward-specs/ours/").status_code == 404


def test_a_wrong_spec_is_refused_with_its_pointer(api: APIClient) -> None:
    body = a_spec(gamma=2)
    response = api.post("/api/v1/reward-specs/", body, format="json")
    assert (response.status_code, response.json()["pointer"]) == (400, "/gamma")


def test_two_specs_differ_by_pointer(api: APIClient) -> None:
    found = api.get("/api/v1/reward-specs/tool_agent@1/diff/default@1/").json()
    pointers = [change["pointer"] for change in found["changes"]]
    assert "/components/auxiliary/tools/budget" in pointers
    assert "/id" not in pointers
    assert found["margins"]["before"]["dominance"] == 0.7
    assert api.get("/api/v1/reward-specs/default/diff/none/").status_code == 404


def test_a_project_scores_by_the_spec_made_active(
    api: APIClient, labelled: Project
) -> None:
    answer = api.post("/api/v1/reward-specs/tool_agent@1/activate/")
    assert answer.json()["spec"]["name"] == "tool_agent"
    labelled.refresh_from_db()
    assert str(labelled.spec) == "tool_agent@1.0.0"


def test_a_spec_that_loses_a_promise_needs_a_reason(
    api: APIClient, labelled: Project
) -> None:
    body = rewards.edited(
        rewards.DEFAULT, {"/id": "reward/loose", "/gate/penalty": 1.0}
    ).to_dict()
    assert api.post("/api/v1/reward-specs/", body, format="json").status_code == 201
    at = "/api/v1/reward-specs/loose@1/activate/"

    refused = api.post(at)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert "separation" in refused.json()["detail"]

    allowed = api.post(at, {"override": "no gate in this pilot"}, format="json").json()
    assert allowed["override"]["lost"] == ["separation"]
    labelled.refresh_from_db()
    assert labelled.spec_override["reason"] == "no gate in this pilot"


def test_an_export_is_a_job_and_then_a_file(api: APIClient) -> None:
    body = {"format": "trl_stepwise"}
    response = api.post("/api/v1/exports/", body, format="json")
    assert response.status_code == 202
    path = f"/api/v1/exports/{response.json()['id']}/file/"
    assert api.get(path).status_code == 404
    job = Job.objects.get()
    assert job.claim()
    job.finish("done", result=exports.run(job))
    file = api.get(path, HTTP_ACCEPT_ENCODING="gzip, zstd")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    job.refresh_from_db()
    content = file.getvalue()
    assert len(content.splitlines()) == job.result["lines"]
    assert len(content) == int(file.headers["Content-Length"])


@pytest.mark.parametrize(
    "body", [{}, {"format": "x"}, {"format": "trl_stepwise", "policy": "x"}]
)
def test_an_unknown_export_is_refused(api: APIClient, body: Any) -> None:
    assert api.post("/api/v1/exports/", body, format="json").status_code == 400
