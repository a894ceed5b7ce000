"""One-time sign-in links."""

import pytest
from django.contrib.auth.models import User
from django.core import signing

from tests import factories
from webapp.services import sign_in


def parts(user: User) -> tuple[str, str]:
    *_, uid, token = sign_in.link(user).strip("/").split("/")
    return uid, token


def test_a_link_signs_in_once(alice: User) -> None:
    uid, token = parts(alice)

    assert sign_in.redeem(uid, token) == alice
    assert sign_in.redeem(uid, token) is None


def test_an_older_link_dies_with_a_sign_in_by_a_newer(alice: User) -> None:
    older, newer = parts(alice), parts(alice)
    sign_in.redeem(*newer)

    assert sign_in.redeem(*older) is None


def test_a_link_expires(alice: User, settings: object) -> None:
    uid, token = parts(alice)
    settings.PASSWORD_RESET_TIMEOUT = -1  # type: ignore[attr-defined]

    assert sign_in.redeem(uid, token) is None


def test_a_link_of_somebody_who_left_is_dead(alice: User) -> None:
    uid, token = parts(alice)
    alice.is_active = False
    alice.save()

    assert sign_in.redeem(uid, token) is None


def test_nobody_signs_in_with_the_link_of_another(alice: User) -> None:
    _, token = parts(alice)
    uid, _ = parts(factories.a_user())

    assert sign_in.redeem(uid, token) is None


@pytest.mark.parametrize(
    "uid", ["", "MQ", "é", "x" * 999, "LTE", "\x00", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"]
)
def test_a_made_up_link_is_no_error(alice: User, uid: str) -> None:
    assert sign_in.redeem(uid, signing.get_cookie_signer().sign("x")) is None
