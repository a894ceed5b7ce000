"""What a request says, checked against its shape before anything acts on it."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from rest_framework.request import Request

from scoring.errors import InvalidInput
from webapp.api import shapes, words
from webapp.api.shapes import VISIBLE, Shape

# by identity of the shape, which is kept so that its identity stays its own
_VALIDATORS: dict[int, tuple[Shape, Draft202012Validator]] = {}
# how a page names its project; a token knows its own
_PROJECT: dict[str, Shape] = {"project": shapes.text(50)}


def body(request: Request, shape: Shape) -> Any:
    """The JSON body.

    Raises:
        InvalidInput: with the pointer of the first thing that doesn't fit the shape.
    """
    return check(request.data, shape)


def check(value: Any, shape: Shape) -> Any:
    error = best_match(_validator(shape).iter_errors(value))
    if error is not None:
        pointer = "".join(f"/{_escaped(part)}" for part in error.absolute_path)
        raise InvalidInput(error.message[:300], pointer=pointer)
    return value


def _validator(shape: Shape) -> Draft202012Validator:
    # a validator resolves its references once; shapes are made once too, with modules
    if id(shape) not in _VALIDATORS:
        # what the library reads itself it checks better and faster: left open here
        left_open: dict[str, Shape] = {name: {} for name in words.READ_BY_THE_LIBRARY}
        known = {"schemas": {**shapes.COMPONENTS, **left_open}}
        validator = Draft202012Validator({**shape, "components": known})
        _VALIDATORS[id(shape)] = shape, validator
    return _VALIDATORS[id(shape)][1]


def query(
    request: Request, allowed: Mapping[str, Shape] | None = None
) -> dict[str, Any]:
    """The query string as typed values; absent parameters are absent.

    Raises:
        InvalidInput: a parameter nobody declared, given twice, or out of its shape.
    """
    shape_of = {**_PROJECT, **(allowed or {})}
    found = {}
    for name, values in request.query_params.lists():
        if name not in shape_of:
            raise InvalidInput(f"unknown parameter {name[:80]!r}")
        if len(values) > 1:
            raise InvalidInput(f"the parameter {name!r} is given twice")
        found[name] = _typed(name, values[0], shape_of[name])
    return found


def key(request: Request) -> str | None:
    """The Idempotency-Key: a request sent again with it starts nothing new."""
    value = request.headers.get("Idempotency-Key")
    if value is not None and not fits(value, VISIBLE):
        detail = "the Idempotency-Key must be 1 to 128 visible ASCII characters"
        raise InvalidInput(detail)
    return value


def fits(value: Any, shape: Shape) -> bool:
    return Draft202012Validator(shape).is_valid(value)


def _typed(name: str, text: str, shape: Shape) -> Any:
    try:
        # int() and bool() would take Arabic digits, "1_0" and "yes"
        kind = _LITERALS.get(shape.get("type", ""))
        typed = json.loads(text) if kind else text
        if not isinstance(typed, kind or str):
            raise ValueError
        return check(typed, shape)
    except (InvalidInput, ValueError, RecursionError):
        expected = shape.get("type", f"one of {shape.get('enum')}")
        raise InvalidInput(f"{name}: expected {expected}, got {text[:80]!r}") from None


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


_LITERALS: dict[str, type] = {"integer": int, "boolean": bool}


def file(request: Request) -> Any:
    """The file sent: the body itself, or the field `file` of a form.

    Raises: InvalidInput.
    """
    given: Any = request.data
    if hasattr(given, "read"):
        return given
    found = given.get("file") if isinstance(given, QueryDict) else None
    if not hasattr(found, "chunks"):
        detail = "send a file: as the body, or in the field `file` of a form"
        raise InvalidInput(detail, pointer="/file")
    return found


def name_of(file: Any, said: str | None = None) -> str:
    """What a file that was sent is called: what the caller says, or else its form."""
    return said or getattr(file, "name", None) or "upload"
