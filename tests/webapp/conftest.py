"""The cast: Alice owns a project, Bob is in it, Charlie is an outsider with his own."""

import pytest
from django.contrib.auth.models import User

from tests import factories
from webapp.models import Episode, Project
from webapp.models.project import Role


@pytest.fixture
def alice(db: None) -> User:
    return factories.a_user("alice")


@pytest.fixture
def project(alice: User) -> Project:
    return factories.a_project("Alice's help desk", owner=alice)


@pytest.fixture
def bob(project: Project) -> User:
    return factories.a_member(project, "bob", Role.ANNOTATOR)


@pytest.fixture
def charlie(db: None) -> User:
    user = factories.a_user("charlie")
    factories.a_project("Charlie's own", owner=user)
    return user


@pytest.fixture
def episode(project: Project) -> Episode:
    return factories.an_episode(project)
