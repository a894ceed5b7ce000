"""`/metrics` in Prometheus' text format: for staff, and this host where allowed."""

from ipaddress import ip_address

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from webapp.api import errors
from webapp.errors import NotReady
from webapp.questions import NO_BROKER
from webapp.services import metrics, tokens


@login_not_required
@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """200 with the numbers; 401 for anybody else but staff."""
    if not _may(request):
        detail = _("for staff: send a token of theirs, Authorization: Bearer pace_…")
        headers = {"WWW-Authenticate": "Bearer"}
        return errors.problem(401, detail, "not-authenticated", headers=headers)
    try:
        text = metrics.exposition()
    except redis.RedisError:
        answer = errors.of(NotReady(NO_BROKER))
        return answer or errors.server_error(request)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may(request: HttpRequest) -> bool:
    if request.user.is_authenticated and request.user.is_staff:
        return True
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        token = tokens.authenticate(secret.strip())
        return token is not None and token.user.is_staff
    return settings.METRICS_ON_LOOPBACK and _is_loopback(request)


def _is_loopback(request: HttpRequest) -> bool:
    # what a proxy forwards comes from elsewhere, whatever its own address
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
