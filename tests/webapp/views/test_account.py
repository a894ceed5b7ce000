"""Signing in and out, the password, API tokens."""

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from tests import factories
from webapp.models import ApiToken, Project
from webapp.services import sign_in, tokens

PASSWORD = "a long sentence nobody guesses"


def test_a_one_time_link_signs_in_and_offers_a_password(
    client: Client, alice: User
) -> None:
    page = client.get(sign_in.link(alice), follow=True)

    assert page.redirect_chain == [("/account/", 302)]
    assert "Set a password" in page.content.decode()


def test_a_link_works_once(client: Client, alice: User) -> None:
    link = sign_in.link(alice)
    client.get(link)

    again = Client().get(link)

    assert again.status_code == 410
    assert "used up" in again.content.decode()


def test_a_password_set_once_signs_in_later(as_alice: Client) -> None:
    fields = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    as_alice.post("/account/password/", fields)

    later = Client()
    entered = later.post("/sign-in/", {"username": "alice", "password": PASSWORD})

    assert entered.headers["Location"] == "/"
    assert as_alice.get("/").status_code == 200, "this session goes on"


def test_a_weak_password_is_refused_with_a_reason(as_alice: Client) -> None:
    fields = {"new_password1": "12345", "new_password2": "12345"}

    page = as_alice.post("/account/password/", fields)

    assert page.status_code == 422
    assert "too short" in page.content.decode()


def test_signing_out_ends_the_session(as_alice: Client) -> None:
    as_alice.post("/sign-out/")

    assert as_alice.get("/").headers["Location"].startswith("/sign-in/")


def test_a_token_is_shown_once(as_alice: Client, project: Project) -> None:
    fields = {"project": project.pk, "name": "trainer", "scopes": ["read", "score"]}

    page = as_alice.post("/account/tokens/", fields)

    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert secret not in as_alice.get("/account/").content.decode()
    found = tokens.authenticate(secret)
    assert found is not None
    assert found.scopes == ["read", "score"]


def test_a_revoked_token_is_dead(
    as_alice: Client, alice: User, project: Project
) -> None:
    token, secret = factories.a_token(alice, project)

    as_alice.post(f"/account/tokens/{token.pk}/revoke/")

    assert tokens.authenticate(secret) is None


def test_nobody_revokes_the_token_of_another(
    as_bob: Client, alice: User, project: Project
) -> None:
    token, secret = factories.a_token(alice, project)

    answer = as_bob.post(f"/account/tokens/{token.pk}/revoke/")

    assert answer.status_code == 404
    assert tokens.authenticate(secret)


def test_no_token_for_the_project_of_others(
    as_charlie: Client, project: Project
) -> None:
    fields = {"project": project.pk, "name": "trainer", "scopes": ["read"]}

    page = as_charlie.post("/account/tokens/", fields)

    assert page.status_code == 422
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    "path", ["/account/password/", "/account/tokens/", "/account/tokens/1/revoke/"]
)
def test_reading_changes_nothing(as_alice: Client, path: str) -> None:
    assert as_alice.get(path).status_code == 405


def test_whoever_runs_the_house_can_hand_out_a_link(
    client: Client, alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sign_in_link", "alice")

    client.get(capsys.readouterr().out.strip())

    assert client.get("/account/").status_code == 200
    with pytest.raises(CommandError, match="no active user"):
        call_command("sign_in_link", "nobody")
