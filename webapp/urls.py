"""Every URL of the site: pages, API, the doors for existing trainers, the admin."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("webapp.views.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("webapp.api.urls")),
    path("compat/", include("webapp.compat.urls")),
]

handler400 = "webapp.views.errors.bad_request"
handler403 = "webapp.views.errors.forbidden"
handler404 = "webapp.views.errors.not_found"
handler500 = "webapp.views.errors.server_error"
