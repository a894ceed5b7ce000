"""Pages for requests that went wrong: what happened, what is safe, the way out."""

from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scoring.errors import InvalidInput, ScoringError
from webapp.errors import AppError


class Explained:
    """Middleware: what a service refuses becomes a page with its sentence."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, RequestDataTooBig):
            return render(request, "webapp/errors/413.html", status=413)
        if not isinstance(exception, AppError | ScoringError):
            return None
        context = {"detail": str(exception), "status": status_of(exception)}
        page = "webapp/errors/refused.html"
        return render(request, page, context, status=status_of(exception))


def status_of(error: AppError | ScoringError) -> int:
    if isinstance(error, AppError):
        return error.status
    return 400 if isinstance(error, InvalidInput) else 422


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    # raised again for a body too large to hold in memory, where a view reads it late
    if isinstance(exception, RequestDataTooBig):
        return render(request, "webapp/errors/413.html", status=413)
    return render(request, "webapp/errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "webapp/errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "webapp/errors/404.html", status=404)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from an expired session, or from another site (CSRF_FAILURE_VIEW)."""
    return render(request, "webapp/errors/403_csrf.html", status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    # no context processors: whatever broke this request may break them too
    return render(None, "webapp/errors/500.html", status=500)
