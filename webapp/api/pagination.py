"""`limit` and `offset`, both bounded; the answer says how many there are in all."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.api.shapes import Shape

M = TypeVar("M", bound=Model)

# an offset is paid for row by row
PARAMETERS: dict[str, Shape] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 200},
    "offset": {"type": "integer", "minimum": 0, "maximum": 10_000_000},
}


class Pages(LimitOffsetPagination):
    """Reads values that `reading.query` has checked."""

    default_limit = 50
    max_limit = 200


def page(
    request: Request, rows: QuerySet[M], show: Callable[[M], dict[str, Any]]
) -> Response:
    pages = Pages()
    found = pages.paginate_queryset(rows, request) or []
    return pages.get_paginated_response([show(row) for row in found])
