"""API tokens: made, recognised, taken back."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from webapp.errors import Invalid
from webapp.models import ApiToken, Membership, Project
from webapp.models.token import Scope
from webapp.recent import Recent

# a busy trainer must not write a row a request
LAST_USED_EVERY = timedelta(minutes=1)
# by digest
_recent: Recent[ApiToken] = Recent()


def create(
    user: User,
    project: Project,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
) -> tuple[ApiToken, str]:
    """A token and its secret, which nobody can see again.

    Raises:
        Invalid: no or unknown scopes, no name, or a user who isn't in the project.
    """
    wanted = list(dict.fromkeys(scopes))
    unknown = [scope for scope in wanted if scope not in Scope.values]
    if unknown or not wanted:
        raise Invalid(f"scopes must be some of {', '.join(Scope.values)}")
    if not 0 < len(name.strip()) <= 80:
        raise Invalid("a token needs a name of at most 80 characters")
    if not Membership.objects.filter(project=project, user=user).exists():
        raise Invalid(f"{user} isn't a member of {project}")
    secret = ApiToken.new_secret()
    token = ApiToken.objects.create(
        user=user,
        project=project,
        name=name.strip(),
        digest=ApiToken.digest_of(secret),
        hint=secret[:12],
        scopes=wanted,
        expires_at=expires_at,
    )
    return token, secret


def authenticate(secret: str) -> ApiToken | None:
    """The live token a secret belongs to. The look-up is by hash, so its time says
    nothing about the secret."""
    digest = ApiToken.digest_of(secret)
    token = _recent.get(digest, lambda: _live(digest))
    return None if token is None or token.is_over else token


def _live(digest: str) -> ApiToken | None:
    live = ApiToken.objects.live().select_related("user", "project")
    token = live.filter(digest=digest).first()
    if token is not None:
        _touch(token)
    return token


def revoke(token: ApiToken) -> None:
    _recent.forget(token.digest)
    ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(
        revoked_at=timezone.now()
    )


def _touch(token: ApiToken) -> None:
    now = timezone.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - LAST_USED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
