"""Clients of the API, each with a real token."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
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


@pytest.fixture
def one_connection() -> Iterator[None]:
    """For tests that speak WSGI: as with Django's own test client, a request must not
    end the test's transaction."""
    both = (request_started, request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)
