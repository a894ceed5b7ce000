"""Every endpoint against everybody who might knock."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from tests import factories
from tests.webapp.api.conftest import client_of
from webapp.api import urls as api_urls
from webapp.api.permissions import Need
from webapp.api.view import View
from webapp.compat import urls as compat_urls
from webapp.models import Episode, Project
from webapp.models.project import Role
from webapp.models.token import Scope

# (route, view class) of everything under /api/v1/ and /compat/
VIEWS: list[tuple[str, type[View]]] = [
    (prefix + str(pattern.pattern), pattern.callback.cls)  # type: ignore[union-attr]
    for prefix, module in (("/api/v1/", api_urls), ("/compat/", compat_urls))
    for pattern in module.urlpatterns
]
CALLS = [(m, route, need) for route, view in VIEWS for m, need in view.needs.items()]
METHODS = ("get", "post", "put", "patch", "delete")
EVERY_CALL = pytest.mark.parametrize(("method", "route", "need"), CALLS)


def address(route: str, pk: Any = None) -> str:
    values = {"<uuid:pk>": pk or uuid.uuid4(), "<int:pk>": 1, "<str:name>": "v1"}
    values |= {"<str:other>": "v2", "<slug:sha256>": "0" * 64}
    for part, value in values.items():
        route = route.replace(part, str(value))
    return route


def ask(client: Any, method: str, path: str) -> Any:
    body = {"content_type": "application/json", "data": "{}"}
    return client.generic(method, path, **body)


@pytest.mark.parametrize(("route", "view"), VIEWS)
def test_every_method_of_every_view_declares_what_it_needs(
    route: str, view: type[View]
) -> None:
    written = {method.upper() for method in METHODS if hasattr(view, method)}
    assert written == set(view.needs)


@EVERY_CALL
def test_nobody_gets_in_without_a_token(
    db: None, client: Client, method: str, route: str, need: Need
) -> None:
    response = ask(client, method, address(route))
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"] == "Bearer"


@EVERY_CALL
def test_a_token_without_the_scope_is_told_which_it_lacks(
    api_with: Callable[..., APIClient], method: str, route: str, need: Need
) -> None:
    others = [scope for scope in Scope.values if scope != need.scope]
    response = ask(api_with(*others), method, address(route))
    assert response.status_code == 403
    assert need.scope in response.json()["detail"]


@pytest.mark.parametrize(
    ("method", "route"),
    [(method, route) for method, route, _ in CALLS if "<uuid:pk>" in route],
)
def test_a_row_of_another_project_does_not_exist(
    outsider: APIClient, episode: Episode, method: str, route: str
) -> None:
    kind = "score" if "/scores/<" in route else "export"
    job = factories.a_job(episode.project, "import" if "errors" in route else kind)
    row = episode if "/episodes/" in route else job
    response = ask(outsider, method, address(route, row.pk))
    assert response.status_code == 404
    assert Episode.objects.filter(pk=episode.pk).exists()


def test_another_project_named_in_the_query_does_not_exist(
    outsider: APIClient, project: Project
) -> None:
    assert outsider.get(f"/api/v1/episodes/?project={project.slug}").status_code == 404


def test_rows_found_by_number_stay_in_their_project(
    api: APIClient, outsider: APIClient, project: Project, alice: User
) -> None:
    model = factories.a_reward_model(project)
    path = f"/api/v1/reward-models/v{model.version}/"
    assert (api.get(path).status_code, outsider.get(path).status_code) == (200, 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/snapshots/"),
        ("POST", "/api/v1/training-runs/"),
        ("POST", "/api/v1/reward-models/roll-back/"),
        ("POST", "/api/v1/exports/"),
        ("POST", "/api/v1/reward-specs/"),
    ],
)
def test_a_scope_does_not_raise_its_users_role(
    bob: User, project: Project, method: str, path: str
) -> None:
    body = {"/api/v1/exports/": {"format": "trl_stepwise"}}.get(path, {})
    response = client_of(bob, project).post(path, body, format="json")
    assert response.status_code == 404


def test_an_annotator_cannot_delete_an_episode(bob: User, episode: Episode) -> None:
    path = f"/api/v1/episodes/{episode.pk}/"
    assert client_of(bob, episode.project).delete(path).status_code == 404
    factories.projects.add_member(episode.project, user=bob, role=Role.ENGINEER)
    assert client_of(bob, episode.project).delete(path).status_code == 204


def test_a_page_names_its_project(
    alice: User, project: Project, client: Client
) -> None:
    client.force_login(alice)
    assert client.get("/api/v1/episodes/").status_code == 400
    assert client.get(f"/api/v1/episodes/?project={project.slug}").status_code == 200


def test_a_page_that_writes_needs_its_csrf_token(alice: User, episode: Episode) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = ask(client, "POST", f"/api/v1/episodes/{episode.pk}/labels/")
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]


@pytest.mark.parametrize("secret", ["", "pace_unknown", "\x00", "é" * 50])
def test_an_unknown_token_is_refused(db: None, client: Client, secret: str) -> None:
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/jobs/", headers=headers).status_code == 401


def test_a_revoked_token_is_refused_at_once(alice: User, project: Project) -> None:
    token, secret = factories.a_token(alice, project)
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/jobs/", headers=headers).status_code == 200
    factories.tokens.revoke(token)
    assert Client().get("/api/v1/jobs/", headers=headers).status_code == 401
