"""URLs under compat."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
