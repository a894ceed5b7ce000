"""Who is asking: a token in the Authorization header, or a signed-in page.

Both set `request.auth` to the `Actor` through whom every row is then fetched.
"""

import base64
import binascii

from django.contrib.auth.models import AbstractBaseUser
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from webapp.access import Actor
from webapp.services import tokens


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer pace_…`; also makes a refusal 401 rather than 403."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, Actor] | None:
        return _token_holder(_credentials(request, "bearer"))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class AddressAuthentication(BaseAuthentication):
    """A token as the password in `http://token:pace_…@host/…`.

    Trainers that take a URL and nothing else send it as Basic credentials, so the
    token stays out of request lines, and with that out of access logs.
    """

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, Actor] | None:
        encoded = _credentials(request, "basic")
        if encoded is None:
            return None
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, ValueError):
            raise AuthenticationFailed("the Basic credentials are not base64") from None
        return _token_holder(pair.partition(":")[2])

    def authenticate_header(self, request: Request) -> str:
        return "Basic"


class PageAuthentication(SessionAuthentication):
    """The session of a page, with its CSRF check: what our own scripts use."""

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, Actor] | None:
        found = super().authenticate(request)
        return found and (found[0], Actor(found[0]))


def _credentials(request: Request, scheme: str) -> str | None:
    given, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return credentials.strip() if given.lower() == scheme else None


def _token_holder(secret: str | None) -> tuple[AbstractBaseUser, Actor] | None:
    if secret is None:
        return None
    token = tokens.authenticate(secret)
    if token is None:
        raise AuthenticationFailed("this token is unknown, expired or revoked")
    return token.user, Actor(token.user, token)
