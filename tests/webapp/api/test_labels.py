"""Labels by API: each judgement once, however often it is sent."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests import factories
from tests.webapp.api.conftest import client_of
from webapp.models import Episode, LabelEvent
from webapp.models.project import Role


def judgement(value: Any = 1, **fields: Any) -> dict[str, Any]:
    plain = {"id": str(uuid.uuid4()), "axis": "verdict", "value": value, "step": 0}
    return plain | fields


def post(api: APIClient, episode: Episode, body: Any, path: str = "") -> Any:
    url = f"/api/v1/episodes/{episode.pk}/labels/{path}"
    return api.post(url, body, format="json")


def test_a_judgement_sent_twice_is_written_once(
    api: APIClient, episode: Episode
) -> None:
    body = judgement(-1)
    first, again = (post(api, episode, body).json() for _ in range(2))
    assert first == again
    assert (first["value"], first["by"], first["step"]) == (-1, "alice", 0)
    assert LabelEvent.objects.count() == 1


def test_the_same_id_with_another_value_is_a_conflict(
    api: APIClient, episode: Episode
) -> None:
    body = judgement(1)
    post(api, episode, body)
    assert post(api, episode, body | {"value": -1}).status_code == 409


def test_a_write_that_expects_another_value_is_told_the_current_one(
    api: APIClient, episode: Episode
) -> None:
    post(api, episode, judgement(1))
    response = post(api, episode, judgement(0, expected=-1))
    assert (response.status_code, response.json()["current"]) == (409, 1)


def test_a_list_is_written_whole_or_not_at_all(
    api: APIClient, episode: Episode
) -> None:
    good, bad = judgement(1), judgement(0, step=99)
    assert post(api, episode, [good, bad]).status_code == 400
    assert not LabelEvent.objects.exists()
    assert len(post(api, episode, [good, judgement(0, step=1)]).json()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": 2},
        {"value": True},
        {"value": 1.5},
        {"axis": "mood"},
        {"id": "1"},
        {"step": -1},
        {"step": 10**12},
        {"active_ms": -1},
        {"provenance": "guess"},
        {"surprise": 1},
        {"axis": "comment", "value": "x" * 10_001},
    ],
)
def test_a_judgement_outside_its_axis_is_refused(
    api: APIClient, episode: Episode, wrong: dict[str, Any]
) -> None:
    assert post(api, episode, judgement() | wrong).status_code == 400
    assert not LabelEvent.objects.exists()


def test_undo_takes_back_the_last_one_and_then_nothing(
    api: APIClient, episode: Episode
) -> None:
    post(api, episode, judgement(1))
    undone = [
        post(api, episode, {"id": str(uuid.uuid4())}, "undo/").json()["event"]
        for _ in range(2)
    ]
    assert undone[0]["value"] is None
    assert undone[1] is None
    current = api.get(f"/api/v1/episodes/{episode.pk}/labels/").json()["current"]
    assert current["steps"] == {}


def test_annotators_judge_blind_and_reviewers_see_all(
    api: APIClient, bob: User, episode: Episode
) -> None:
    post(api, episode, judgement(1))
    his = client_of(bob, episode.project)
    url = f"/api/v1/episodes/{episode.pk}/labels/"
    assert his.get(url).json()["events"] == []
    assert his.get("/api/v1/labels/").json()["count"] == 0
    factories.projects.add_member(episode.project, user=bob, role=Role.REVIEWER)
    assert len(his.get(url).json()["events"]) == 1
    assert his.get("/api/v1/labels/?axis=verdict&latest=true").json()["count"] == 1


def test_only_reviewers_adjudicate(api: APIClient, bob: User, episode: Episode) -> None:
    body = judgement(0, provenance="adjudicated")
    assert post(client_of(bob, episode.project), episode, body).status_code == 404
    assert post(api, episode, body).status_code == 200
