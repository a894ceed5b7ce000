"""One shape for every refusal: RFC 9457 `application/problem+json`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException
from rest_framework.views import set_rollback

from scoring.errors import InvalidInput, NotEnoughLabels, ScoringError
from webapp.errors import AppError, Busy

TITLES = {
    400: "The request is malformed",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "No such method here",
    406: "Not acceptable",
    409: "It has changed meanwhile",
    413: "Too large",
    415: "Unknown media type",
    422: "It can't be done",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not available right now",
}
# where one status has more than one story
_TITLES_OF = {"blocked": "Something stands in the way"}


def problem(
    status: int,
    detail: str,
    code: str,
    *,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> JsonResponse:
    """`extra` members that are None (a pointer, a line nobody knows) are left out."""
    body = {
        "type": f"urn:pacenote:problem:{code}",
        "title": _TITLES_OF.get(code) or TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        **{key: value for key, value in extra.items() if value is not None},
    }
    return JsonResponse(
        body,
        status=status,
        content_type="application/problem+json",
        headers=dict(headers or {}),
    )


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponseBase | None:
    """DRF's EXCEPTION_HANDLER. None for a bug, which ends in `server_error`."""
    set_rollback()
    if isinstance(error, OperationalError):
        # a locked SQLite file, a database being restarted: the caller may try again
        error = Busy(_("the database is busy"))
    return of(error)


def of(error: Exception) -> JsonResponse | None:
    for kind, answer in _ANSWERS:
        if isinstance(error, kind):
            return answer(error)
    return None


def body(error: Exception) -> dict[str, Any]:
    """A refusal as the members of a problem, for where it stands among answers."""
    answer = of(error) or server_error(None)
    members: dict[str, Any] = json.loads(answer.content)
    return members


def not_found(detail: str) -> JsonResponse:
    return problem(404, detail, "not-found")


@csrf_exempt
@login_not_required
def no_such_address(request: HttpRequest) -> JsonResponse:
    """Whatever else is asked under /api/ and /compat/, by whatever method."""
    return not_found(_("no such address; those of the API end with a slash"))


def server_error(request: HttpRequest | None) -> JsonResponse:
    detail = _("an unexpected error; it has been logged and nothing was stored half")
    return problem(500, detail, "server-error")


def _scoring(error: ScoringError) -> JsonResponse:
    if isinstance(error, InvalidInput):
        return problem(
            400, error.detail, error.code, pointer=error.pointer, line=error.line
        )
    status = 422 if isinstance(error, NotEnoughLabels) else 409
    return problem(status, str(error), error.code)


def _app(error: AppError) -> JsonResponse:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return problem(
        error.status, error.detail, error.code, headers=headers, **error.extra
    )


def _framework(error: APIException) -> JsonResponse:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = f"{wait:.0f}"
    code = getattr(error.detail, "code", error.default_code).replace("_", "-")
    return problem(error.status_code, str(error.detail), code, headers=headers)


def _missing(error: Http404) -> JsonResponse:
    return not_found(str(error) or _("there is nothing here, or nothing you may see"))


def _too_big(error: RequestDataTooBig) -> JsonResponse:
    return problem(413, _("the body is too large"), "too-large")


def _suspicious(error: SuspiciousOperation) -> JsonResponse:
    return problem(400, _("the request is malformed"), "malformed")


# the first that fits
_ANSWERS: tuple[tuple[type[Exception], Callable[[Any], JsonResponse]], ...] = (
    (ScoringError, _scoring),
    (AppError, _app),
    (APIException, _framework),
    (Http404, _missing),
    (RequestDataTooBig, _too_big),
    (SuspiciousOperation, _suspicious),
)
