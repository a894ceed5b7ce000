"""API tokens: shown once, kept as a hash, dead when they should be."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from tests import factories
from webapp.errors import Invalid
from webapp.models import ApiToken, Project
from webapp.services import tokens


def test_a_secret_opens_and_is_stored_nowhere(alice: User, project: Project) -> None:
    token, secret = factories.a_token(alice, project, "read", "score")

    assert tokens.authenticate(secret) == token
    assert token.scopes == ["read", "score"]
    row = ApiToken.objects.values().get()
    assert not [value for value in row.values() if secret in str(value)]


@pytest.mark.parametrize("secret", ["", "pace_", "pace_" + "x" * 43, "\x00", "é" * 500])
def test_a_made_up_secret_opens_nothing(
    alice: User, project: Project, secret: str
) -> None:
    factories.a_token(alice, project)

    assert tokens.authenticate(secret) is None


def test_a_revoked_token_is_dead(alice: User, project: Project) -> None:
    token, secret = factories.a_token(alice, project)
    tokens.revoke(token)

    assert tokens.authenticate(secret) is None


def test_an_expired_token_is_dead(alice: User, project: Project) -> None:
    past = timezone.now() - timedelta(seconds=1)
    _, secret = factories.a_token(alice, project, expires_at=past)

    assert tokens.authenticate(secret) is None


def test_the_token_of_somebody_who_left_is_dead(alice: User, project: Project) -> None:
    _, secret = factories.a_token(alice, project)
    alice.is_active = False
    alice.save()

    assert tokens.authenticate(secret) is None


def test_the_last_use_is_written_once_a_minute(alice: User, project: Project) -> None:
    token, secret = factories.a_token(alice, project)
    tokens.authenticate(secret)
    token.refresh_from_db()
    first = token.last_used_at
    tokens.authenticate(secret)
    token.refresh_from_db()

    assert first is not None
    assert token.last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= first


def test_only_members_get_a_token(charlie: User, project: Project) -> None:
    with pytest.raises(Invalid, match="isn't a member"):
        factories.a_token(charlie, project)


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("t", []), ("t", ["root"]), ("", ["read"]), ("t" * 81, ["read"])],
)
def test_a_token_needs_a_name_and_known_scopes(
    alice: User, project: Project, name: str, scopes: list[str]
) -> None:
    with pytest.raises(Invalid):
        tokens.create(alice, project, name=name, scopes=scopes)


def test_a_token_recognised_a_moment_ago_costs_no_query(
    alice: User,
    project: Project,
    settings: Any,
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    settings.TOKEN_CACHE_SECONDS = 60
    token, secret = factories.a_token(alice, project)
    tokens.authenticate(secret)
    with django_assert_num_queries(0):
        assert tokens.authenticate(secret) == token


def test_a_revocation_elsewhere_is_learnt_of_in_time(
    alice: User, project: Project, settings: Any
) -> None:
    settings.TOKEN_CACHE_SECONDS = 0.2
    token, secret = factories.a_token(alice, project)
    tokens.authenticate(secret)
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=timezone.now())
    time.sleep(0.25)
    assert tokens.authenticate(secret) is None


def test_a_remembered_token_still_ends_when_it_should(
    alice: User, project: Project, settings: Any
) -> None:
    settings.TOKEN_CACHE_SECONDS = 60
    soon = timezone.now() + timedelta(seconds=0.3)
    _, secret = factories.a_token(alice, project, expires_at=soon)
    assert tokens.authenticate(secret)
    time.sleep(0.35)
    assert tokens.authenticate(secret) is None
