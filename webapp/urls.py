"""Every URL of the site: pages, API, the doors for existing trainers, the admin."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path

from webapp.api import errors as api_errors
from webapp.api.docs import Docs, Schema
from webapp.api.health import healthz, readyz
from webapp.api.metrics import prometheus
from webapp.compat.otlp import Traces
from webapp.views import errors

urlpatterns: list[URLPattern | URLResolver] = [
    # first, for it is asked a thousand times as often as a page
    path("api/v1/", include("webapp.api.urls")),
    path("", include("webapp.views.urls")),
    path("admin/", admin.site.urls),
    path("compat/", include("webapp.compat.urls")),
    # where OpenTelemetry's exporters send, given the address of a server
    path("v1/traces", Traces.as_view(), name="traces"),
    path("api/schema/", Schema.as_view(), name="schema"),
    path("api/docs/", Docs.as_view(), name="docs"),
    re_path("^(?:api|compat)/", api_errors.no_such_address),
    path("healthz", healthz, name="healthz"),
    path("metrics", prometheus, name="prometheus"),
    path("readyz", readyz, name="readyz"),
]


def server_error(request: HttpRequest) -> HttpResponse:
    """A program can read a problem; a person wants a page."""
    if request.path.startswith(("/api/", "/compat/", "/v1/")):
        return api_errors.server_error(request)
    return errors.server_error(request)


handler400 = "webapp.views.errors.bad_request"
handler403 = "webapp.views.errors.forbidden"
handler404 = "webapp.views.errors.not_found"
handler500 = server_error
