"""Signing in with a one-time link, and one's own account: password and API tokens."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from webapp import access
from webapp.forms import TokenForm
from webapp.models import ApiToken
from webapp.services import sign_in, tokens
from webapp.views.context import actor, signed_in


@login_not_required
@never_cache
@require_GET
def link(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    user = sign_in.redeem(uid, token)
    if user is None:
        return render(request, "webapp/account/dead_link.html", status=410)
    login(request, user)
    return redirect("account")


@never_cache
@require_safe
def detail(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
def password(request: HttpRequest) -> HttpResponse:
    form = SetPasswordForm(signed_in(request), request.POST)
    if not form.is_valid():
        return _page(request, status=422, password_form=form)
    form.save()
    # changing the password ends every session but this one
    update_session_auth_hash(request, form.user)
    messages.success(request, _("Your password is set."))
    return redirect("account")


@never_cache
@require_POST
def create_token(request: HttpRequest) -> HttpResponse:
    form = TokenForm(access.projects(actor(request)), request.POST)
    if not form.is_valid():
        return _page(request, status=422, token_form=form)
    project = form.cleaned_data.pop("project")
    _token, secret = tokens.create(signed_in(request), project, **form.cleaned_data)
    return _page(request, secret=secret)


@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = access.one(_tokens(request), pk=pk)
    tokens.revoke(token)
    messages.success(request, _("“%(name)s” is revoked.") % {"name": token.name})
    return redirect("account")


def _page(request: HttpRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    user = signed_in(request)
    defaults = {
        "tokens": _tokens(request).select_related("project"),
        "token_form": TokenForm(access.projects(actor(request))),
        "password_form": SetPasswordForm(user),
        "has_password": user.has_usable_password(),
    }
    page = "webapp/account/detail.html"
    return render(request, page, {**defaults, **context}, status=status)


def _tokens(request: HttpRequest) -> Any:
    return ApiToken.objects.filter(user=signed_in(request), revoked_at=None)
