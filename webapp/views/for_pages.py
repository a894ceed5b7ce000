"""Middleware for pages, which a program's requests to the API go past.

A program names its token in a header; it has no session, sends no form and reads no
message. A page's own script that calls the API brings no token but the page's session:
it takes the whole way, with its CSRF check.
"""

from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware

# where no view needs more of a request than its token
PROGRAMS = ("/api/v1/", "/compat/")
# data is no page: should a browser show it, nothing in it loads, runs or is framed
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"


def is_programs(request: HttpRequest) -> bool:
    """Whether a request speaks for itself, by a token."""
    return "HTTP_AUTHORIZATION" in request.META and request.path_info.startswith(
        PROGRAMS
    )


class ForPages:
    """Mixed into a middleware class, keeps it from what programs ask."""

    get_response: Callable[[HttpRequest], Any]

    def __call__(self, request: HttpRequest) -> Any:
        if is_programs(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class Policy(CSPMiddleware):
    """The policy pages are sent with; data has a shorter one."""

    def __call__(self, request: HttpRequest) -> Any:
        if not is_programs(request):
            return super().__call__(request)
        response = self.get_response(request)
        response.headers.setdefault(HEADER, DATA_POLICY)
        return response


class Sessions(ForPages, SessionMiddleware):
    pass


class Forms(ForPages, CsrfViewMiddleware):
    pass


class Users(AuthenticationMiddleware):
    """Who a session belongs to; whose a token is, the API finds out for itself."""

    def __call__(self, request: HttpRequest) -> Any:
        if not is_programs(request):
            return super().__call__(request)
        request.user = AnonymousUser()
        return self.get_response(request)


class Messages(ForPages, MessageMiddleware):
    pass
