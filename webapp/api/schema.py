"""The OpenAPI document: how our shapes, our tokens and our refusals enter it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from webapp.api import words
from webapp.api.pagination import PARAMETERS
from webapp.api.shapes import COMPONENTS, VISIBLE, Shape, page_of

F = TypeVar("F", bound=Callable[..., Any])

JSON = "application/json"
_PROBLEM = "application/problem+json"
_REFUSALS = {
    400: "Something doesn't fit; `pointer` and `line` say what.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The token lacks the scope.",
    404: "There is no such thing, or none you may see.",
    409: "It has changed meanwhile, or the same id came with other content.",
    413: "Too large.",
    415: "A media type nobody reads here.",
    422: "Well-formed, and it can't be done; `detail` says why.",
    503: "A part is down or busy; `Retry-After` says when to try again.",
}


class Operations(AutoSchema):
    """Names an operation after its view: `Episodes_get`, `EpisodeDetail_get`."""

    def get_operation_id(self) -> str:
        return f"{type(self.view).__name__}_{self.method.lower()}"

    def get_description(self) -> str:
        # a view's docstring speaks to its reader, not to the API's
        return ""


def operation(
    summary: str,
    answers: Mapping[int | tuple[int, str], Shape | None],
    *,
    body: Mapping[str, Shape] | Shape | None = None,
    query: Mapping[str, Shape] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Callable[[F], F]:
    """Describe one method of one view.

    `body` is a shape of JSON or one shape for each media type; `answers` has the
    shape of each success by status, or by status and media type; None is an empty one.
    """
    described: dict[Any, Any] = {
        key if isinstance(key, tuple) else (key, JSON): OpenApiResponse(shape)
        for key, shape in answers.items()
    }
    refused: dict[Any, Any] = {
        (status, _PROBLEM): OpenApiResponse(words.PROBLEM, description=text)
        for status, text in _REFUSALS.items()
    }
    decorate: Callable[[F], F] = extend_schema(
        summary=summary,
        request=None if body is None else _by_media(body),
        responses={**described, **refused},
        parameters=[*_parameters(query or {}), *_headers(headers or {})],
    )
    return decorate


def listed(
    summary: str, items: Shape, *, query: Mapping[str, Shape] | None = None
) -> Callable[[F], F]:
    """Describe a GET that answers in pages."""
    return operation(
        summary, {200: page_of(items)}, query={**PARAMETERS, **(query or {})}
    )


def add_components(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """POSTPROCESSING_HOOK: the shapes our operations refer to by name."""
    result["components"].setdefault("schemas", {}).update(COMPONENTS)
    return result


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "webapp.api.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class AddressScheme(OpenApiAuthenticationExtension):
    target_class = "webapp.api.authentication.AddressAuthentication"
    name = "address"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "basic"}


class PageScheme(OpenApiAuthenticationExtension):
    """Our own pages' sessions; not a way in that the API offers."""

    target_class = "webapp.api.authentication.PageAuthentication"
    name = "page"

    def get_security_requirement(self, auto_schema: Any) -> None:
        return None

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {}


def _by_media(body: Mapping[str, Any]) -> dict[str, Any]:
    by_media = all("/" in key for key in body)
    return dict(body) if by_media else {JSON: dict(body)}


def _parameters(query: Mapping[str, Shape]) -> list[OpenApiParameter]:
    return [OpenApiParameter(name, shape) for name, shape in query.items()]


def _headers(headers: Mapping[str, str]) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(
            name,
            VISIBLE,
            OpenApiParameter.HEADER,
            description=text,
        )
        for name, text in headers.items()
    ]
