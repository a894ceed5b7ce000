"""Signing in with a one-time link: what replaces a default password."""

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode


class SignInTokenGenerator(PasswordResetTokenGenerator):
    """Its token hashes the user's last sign-in, so the first use is the last one, and
    expires like a password reset (settings.PASSWORD_RESET_TIMEOUT)."""

    key_salt = "webapp.services.sign_in"


tokens = SignInTokenGenerator()


def link(user: User) -> str:
    """The path that signs the user in, once."""
    uid = urlsafe_base64_encode(str(user.pk).encode())
    return reverse("sign-in-link", args=[uid, tokens.make_token(user)])


def redeem(uid: str, token: str) -> User | None:
    """The user a link belongs to, None for one that is wrong, expired or used. Of two
    that come at once, one gets in."""
    try:
        pk = int(force_str(urlsafe_base64_decode(uid)))
    except (ValueError, UnicodeDecodeError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or not tokens.check_token(user, token):
        return None
    unused = User.objects.filter(pk=pk)
    unused = (
        unused.filter(last_login=user.last_login)
        if user.last_login
        else unused.filter(last_login__isnull=True)
    )
    return user if unused.update(last_login=timezone.now()) else None
