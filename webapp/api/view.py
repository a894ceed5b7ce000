"""What every endpoint shares: whose request it is, and the row it is about."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, TypeVar, cast

from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import Http404, StreamingHttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils.functional import cached_property
from rest_framework.request import Request
from rest_framework.views import APIView

from scoring.errors import InvalidInput
from webapp import access, calls
from webapp.access import Actor
from webapp.api import callers, encodings, preferences
from webapp.api.permissions import Need, need_of
from webapp.api.seats import SEATS
from webapp.errors import Invalid
from webapp.metrics import METER
from webapp.models import Project
from webapp.recent import Recent

T = TypeVar("T")
_PROJECTS: Recent[Project] = Recent()
M = TypeVar("M", bound=Model)


class View(APIView):
    """`needs` names a scope and a role for each method; without one it stays closed."""

    needs: ClassVar[Mapping[str, Need]] = {}
    # OPTIONS would describe a view to those who may not use it
    asks_the_scorer = False
    preferred: preferences.Preferences
    _call: calls.Call | None = None
    _has_seat = False
    http_method_names = ["get", "post", "delete", "head"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.preferred = preferences.of(request)
        self._call = callers.begin(request, self.preferred.seconds)
        if self.asks_the_scorer and request.method == "POST":
            SEATS.take()
            self._has_seat = True
        super().initial(request, *args, **kwargs)

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        self._leave_with(response)
        if self.asks_the_scorer and self._call is not None:
            spent = time.perf_counter() - self._call.began
            METER.observe("request_seconds", spent, str(response.status_code))
        if self._call is not None and self._call.spent:
            response.headers["Server-Timing"] = callers.timing(self._call)
        response.headers["Vary"] = "Accept-Encoding"
        if isinstance(response, SimpleTemplateResponse):
            response.add_post_render_callback(lambda r: encodings.encode(r, request))
            return response
        return encodings.encode(response, request)

    def _leave_with(self, response: Any) -> None:
        """The seat is free once the answer is there, or a stream of them is over."""
        if self._has_seat:
            self._has_seat = False
            if isinstance(response, StreamingHttpResponse):
                # what Django itself closes with a response
                response._resource_closers.append(SEATS.leave)  # type: ignore[attr-defined]
            else:
                SEATS.leave()

    @property
    def actor(self) -> Actor:
        return cast("Actor", self.request.auth)

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    @cached_property
    def project(self) -> Project:
        """The token's project, or the one a page names by `?project=slug`.

        Raises: Http404 when it isn't the actor's, or their role in it is too low.
        """
        slug = self.request.query_params.get("project")
        if slug is None and self.actor.token:
            slug = self.actor.token.project.slug
        if slug is None:
            raise InvalidInput("name the project: ?project=slug")
        role, find = self._need.role, partial(access.project, self.actor, slug)
        if not (self.asks_the_scorer and self.actor.token):
            return find(role)
        # a trainer's, and the same as a moment ago
        key = (self.actor.token.pk, slug, role)
        return _PROJECTS.get(key, lambda: find(role)) or find(role)

    def find(self, rows: QuerySet[M], **lookup: Any) -> M:
        """The row, if the actor may see it and their role there is high enough.

        Raises: Http404.
        """
        row = access.one(rows.select_related("project"), **lookup)
        access.require(self.actor, row.project, self._need.role)  # type: ignore[attr-defined]
        return row

    @property
    def _need(self) -> Need:
        need = need_of(self, self.request.method or "")
        if need is None:
            raise Http404
        return need


def named(find: Callable[[], T]) -> T:
    """What an address names: there, an unknown name is a missing page, not bad input.

    Raises: Http404.
    """
    try:
        return find()
    except Invalid as error:
        raise Http404(error.detail) from error
