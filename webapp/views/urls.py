"""The pages' URLs."""

from django.contrib.auth.views import LoginView
from django.urls import URLPattern, path

urlpatterns: list[URLPattern] = [
    path(
        "sign-in/",
        LoginView.as_view(template_name="webapp/account/sign_in.html"),
        name="login",
    ),
]
