"""What pages need of every request, and what a program's request goes without."""

import uuid
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from webapp.models import Episode, Project
from webapp.views.for_pages import DATA_POLICY

SAFE = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
JOBS = "/api/v1/jobs/"


@pytest.fixture
def token(alice: User, project: Project) -> dict[str, str]:
    """What a program sends: Alice's token."""
    _, secret = factories.a_token(alice, project)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def page(alice: User) -> Client:
    """A browser where Alice is signed in, with a CSRF token in its cookies."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    client.get("/account/")
    return client


def label(client: Client, episode: Episode, **headers: str) -> Any:
    body = {"id": str(uuid.uuid4()), "axis": "verdict", "value": 1, "step": 0}
    address = f"/api/v1/episodes/{episode.pk}/labels/"
    return client.post(address, body, "application/json", headers=headers)


@pytest.mark.parametrize("path", [JOBS, "/api/v1/nowhere/", "/compat/nowhere"])
def test_an_answer_to_a_program_is_as_safe_in_a_browser_as_a_page(
    client: Client, token: dict[str, str], path: str
) -> None:
    headers = client.get(path, headers=token).headers
    assert {name: headers[name] for name in SAFE} == SAFE
    assert headers["Content-Security-Policy"] == DATA_POLICY
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in headers


def test_the_same_answer_to_a_page_has_the_policy_of_pages(page: Client) -> None:
    headers = page.get(f"{JOBS}?project=alices-help-desk").headers
    assert {name: headers[name] for name in SAFE} == SAFE
    assert "script-src 'self'" in headers["Content-Security-Policy"]


def test_a_token_makes_a_session_superfluous(
    page: Client, token: dict[str, str]
) -> None:
    with CaptureQueriesContext(connection) as seen:
        assert page.get(JOBS, headers=token).status_code == 200
    assert not [query for query in seen if "django_session" in query["sql"]]


def test_a_page_writes_with_its_session_and_its_csrf_token(
    page: Client, project: Project, episode: Episode
) -> None:
    csrf = page.cookies[settings.CSRF_COOKIE_NAME].value
    assert label(page, episode).status_code == 403
    assert label(page, episode, **{"X-CSRFToken": csrf}).status_code == 200


@pytest.mark.parametrize(
    "credentials", ["Bearer pace_unknown", "Basic eDp5", "Digest x", "", "\x00"]
)
def test_no_header_of_another_site_makes_up_for_a_csrf_token(
    page: Client, episode: Episode, credentials: str
) -> None:
    response = label(page, episode, Authorization=credentials)
    assert response.status_code == 401
    assert not episode.project.label_events.exists()


def test_a_program_gets_no_page_where_there_is_only_one(
    client: Client, token: dict[str, str]
) -> None:
    assert client.get("/", headers=token).status_code == 302
    assert client.get("/api/docs/", headers=token).status_code == 200
