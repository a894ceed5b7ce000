"""The doors for existing trainers, under /compat/."""

from django.urls import URLPattern, path

from webapp.compat.openrlhf import GetReward

app_name = "compat"

urlpatterns: list[URLPattern] = [
    # no slash at the end: the trainer posts to the address it is given
    path("openrlhf/get_reward", GetReward.as_view(), name="openrlhf"),
]
