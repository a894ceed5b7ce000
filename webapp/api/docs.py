"""The API described: for programs as OpenAPI, for people as a page to try it on."""

from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


class Schema(SpectacularAPIView):
    """The OpenAPI document, as JSON."""

    renderer_classes = [OpenApiJsonRenderer]


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files, its script apart: the CSP stays strict."""

    template_name = "webapp/api/docs.html"
