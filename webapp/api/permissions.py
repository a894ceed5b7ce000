"""What a request needs: a scope of its token and a role of its user.

Every view lists a `Need` for each method it answers; one that forgets is closed.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from webapp.access import Actor
from webapp.models.project import Role
from webapp.models.token import Scope

if TYPE_CHECKING:
    # rest_framework.views imports this module, by its settings
    from rest_framework.views import APIView


@dataclass(frozen=True, slots=True)
class Need:
    """`scope` is asked of the token, `role` of its user in the row's project (a user
    whose role is too low is told that the row doesn't exist, by `access.require`)."""

    scope: Scope
    role: Role = Role.ANNOTATOR


READ = Need(Scope.READ)
SCORE = Need(Scope.SCORE)
WRITE = Need(Scope.WRITE)
TRAIN = Need(Scope.TRAIN, Role.ENGINEER)
DELETE = Need(Scope.WRITE, Role.ENGINEER)


class HasScope(BasePermission):
    def has_permission(self, request: Request, view: "APIView") -> bool:
        actor = cast("Actor | None", request.auth)
        if actor is None:
            raise NotAuthenticated(_("send a token: Authorization: Bearer pace_…"))
        need = need_of(view, request.method or "")
        if need is None:
            # a method nobody wrote is 405; one without a declared scope stays closed
            return request.method not in view.allowed_methods
        if actor.token is not None and need.scope not in actor.token.scopes:
            raise PermissionDenied(
                _("this token lacks the scope “{scope}”").format(scope=need.scope)
            )
        return True


def need_of(view: "APIView", method: str) -> Need | None:
    needs: dict[str, Need] = getattr(view, "needs", {})
    return needs.get("GET" if method == "HEAD" else method)
