"""What every page knows: who asks, and what the frame around it shows."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, QueryDict

from webapp import signs
from webapp.access import Actor
from webapp.models import Membership, Project
from webapp.models.project import Role


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"version": settings.VERSION}


def actor(request: HttpRequest) -> Actor:
    return Actor(request.user)


def signed_in(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the middleware saw to it
    return request.user


def is_engineer(request: HttpRequest, project: Project) -> bool:
    """Whether to offer what an annotator may not do; `access` still has the say."""
    member = Membership.objects.filter(project=project, user=signed_in(request)).first()
    return member is not None and member.may(Role.ENGINEER)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to; an empty body is a form sent empty."""
    return request.POST if request.method == "POST" else None


def no_worker() -> bool:
    """Nobody would take a job now: the page has to say so."""
    return "jobs" not in signs.alive()
