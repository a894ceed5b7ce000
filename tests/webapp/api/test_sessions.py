"""A growing episode: each step is sent once and scored as if the whole were sent."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from tests import factories
from tests.webapp.api.conftest import client_of
from webapp.models import Project, ScoringSession
from webapp.services import sessions

URL = "/api/v1/sessions/"
HEAD = {"id": "run", "task": "Find the order."}
SILENT = "rlhf_t1"  # a spec that asks no model
STEP = {"text": "Let me look."}


@pytest.fixture
def session(api: APIClient) -> str:
    """The address of an open session that needs no model."""
    response = api.post(URL, {"episode": HEAD, "spec": SILENT}, format="json")
    assert response.status_code == 201
    return str(response.json()["url"])


def add(api: APIClient, session: str, step: Any = STEP, **fields: Any) -> Any:
    return api.post(f"{session}steps/", {"step": step, **fields}, format="json")


@pytest.mark.usefixtures("champion", "scorer")
def test_every_step_scores_as_it_does_in_the_whole(
    api: APIClient, champion: Any
) -> None:
    run = factories.a_run(5).to_dict()
    head = {name: value for name, value in run.items() if name != "steps"}
    session = api.post(URL, {"episode": head}, format="json").json()
    assert session["model"]["sha256"] == champion.sha256
    ending = {"outcome": {"success": True}}
    last = len(run["steps"]) - 1
    for index, step in enumerate(run["steps"]):
        more = ending if index == last else {}
        added = add(api, session["url"], step, **more).json()
        part = {**run, "steps": run["steps"][: index + 1], **more}
        [whole] = api.post(
            "/api/v1/scores/", {"episodes": [part]}, format="json"
        ).json()["scores"]
        assert (added["index"], added["step"]) == (index, whole["steps"][index])
    shown = api.get(session["url"]).json()
    assert shown["session"]["is_over"]
    assert shown["score"]["steps"] == whole["steps"]
    assert shown["score"]["total"] == whole["total"] == added["total"]


def test_a_step_sent_twice_is_one_step(api: APIClient, session: str) -> None:
    first = add(api, session, index=0)
    again = add(api, session, index=0)
    assert (first.status_code, first.json()) == (200, again.json())
    assert api.get(session).json()["session"]["steps"] == 1


@pytest.mark.parametrize(("step", "index"), [({"text": "Other."}, 0), (STEP, 2)])
def test_another_step_in_its_place_or_a_gap_is_a_conflict_that_says_what_is_next(
    api: APIClient, session: str, step: Any, index: int
) -> None:
    add(api, session)
    response = add(api, session, step, index=index)
    assert (response.status_code, response.json()["next"]) == (409, 1)


def test_after_its_outcome_an_episode_grows_no_more(
    api: APIClient, session: str
) -> None:
    ended = {"outcome": {"success": True}, "index": 0}
    first = add(api, session, **ended)
    assert first.json()["step"]["rewards"]["final"] is not None
    assert add(api, session, **ended).json() == first.json()
    assert add(api, session).status_code == 409
    assert add(api, session, outcome={"success": False}, index=0).status_code == 409


def test_a_new_champion_does_not_score_an_episode_begun_before(
    api: APIClient, project: Project, champion: Any
) -> None:
    session = api.post(URL, {"episode": HEAD}, format="json").json()
    champion.state = "retired"
    champion.save()
    factories.a_reward_model(project, "champion")
    shown = api.get(session["url"]).json()["session"]
    assert shown["model"]["sha256"] == champion.sha256


def test_a_closed_session_is_gone(api: APIClient, session: str) -> None:
    add(api, session)
    assert api.delete(session).status_code == 204
    assert api.get(session).status_code == 404
    assert add(api, session).status_code == 404


def test_a_session_nobody_adds_to_expires(api: APIClient, session: str) -> None:
    past = timezone.now() - timedelta(seconds=1)
    ScoringSession.objects.update(expires_at=past)
    assert add(api, session).status_code == 404
    sessions.sweep()
    assert not ScoringSession.objects.exists()


def test_an_empty_session_has_no_score_yet(api: APIClient, session: str) -> None:
    shown = api.get(session).json()
    assert (shown["score"], shown["session"]["steps"]) == (None, 0)


def test_another_projects_session_does_not_exist(session: str, charlie: User) -> None:
    stranger = client_of(charlie, charlie.projects.get())
    assert stranger.get(session).status_code == 404
    assert add(stranger, session).status_code == 404
    assert stranger.delete(session).status_code == 404


def test_a_token_without_the_scope_opens_nothing(alice: User, project: Project) -> None:
    reader = client_of(alice, project, "read")
    assert reader.post(URL, {"episode": HEAD}, format="json").status_code == 403


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"step": {"text": 3}}, "/step/text"),
        ({"step": {}}, "/step"),
        ({"step": {"text": "a", "index": 4}}, "/step/index"),
        ({"step": STEP, "index": -1}, "/index"),
        ({"step": STEP, "outcome": {"success": "yes"}}, "/outcome/success"),
    ],
)
def test_what_does_not_fit_is_pointed_at_and_nothing_is_kept(
    api: APIClient, session: str, body: Any, pointer: str
) -> None:
    response = api.post(f"{session}steps/", body, format="json")
    assert response.status_code == 400
    assert response.json()["pointer"] == pointer
    assert api.get(session).json()["session"]["steps"] == 0


def test_an_episode_with_steps_is_no_beginning(api: APIClient) -> None:
    body = {"episode": {"steps": []}, "spec": SILENT}
    assert api.post(URL, body, format="json").status_code == 400


def test_steps_that_are_too_large_together_are_refused(
    api: APIClient, session: str, settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 600
    add(api, session)
    assert add(api, session, {"text": "x" * 500}).status_code == 413


def test_an_unknown_session_is_404(api: APIClient) -> None:
    assert api.get(f"{URL}{uuid.uuid4()}/").status_code == 404
