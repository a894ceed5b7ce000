"""Pages for requests that went wrong: what happened, what is safe, the way out."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "webapp/errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "webapp/errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "webapp/errors/404.html", status=404)


def too_large(request: HttpRequest) -> HttpResponse:
    return render(request, "webapp/errors/413.html", status=413)


def server_error(request: HttpRequest) -> HttpResponse:
    # no context processors: whatever broke this request may break them too
    return render(None, "webapp/errors/500.html", status=500)  # type: ignore[arg-type]
