"""Clients of the API, each with a real token."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests import factories
from webapp.models import Project


def client_of(user: User, project: Project, *scopes: str) -> APIClient:
    _, secret = factories.a_token(user, project, *scopes)
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def api(alice: User, project: Project) -> APIClient:
    """Alice's, with every scope."""
    return client_of(alice, project)


@pytest.fixture
def api_with(alice: User, project: Project) -> Callable[..., APIClient]:
    """Alice's, with the scopes named."""
    return lambda *scopes: client_of(alice, project, *scopes)


@pytest.fixture
def outsider(charlie: User) -> APIClient:
    """Charlie's, with every scope in a project of his own."""
    return client_of(charlie, charlie.projects.get())
