"""The policy /admin/ has of its own (docs/decisions/0002-admin-csp.md)."""

from collections.abc import Callable

from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

LOOSER = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}


class AdminPolicy:
    """Middleware: only what the admin itself answers gets the looser policy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and match.app_name == "admin":
            response._csp_update = LOOSER  # type: ignore[attr-defined]
        return response
