"""JSON Schema, in the few words our bodies need.

A shape is written once: it checks what comes in (`reading.body`) and describes it in
the OpenAPI document. Shapes registered as components are referred to by name.
"""

from typing import Any

Shape = dict[str, Any]

COMPONENTS: dict[str, Shape] = {}

TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
NUMBER: Shape = {"type": "number"}
COUNT: Shape = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
OBJECT: Shape = {"type": "object"}
UUID: Shape = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
TIME: Shape = {"type": "string", "format": "date-time"}
FILE: Shape = {"type": "string", "format": "binary"}
# what fits into an HTTP header
VISIBLE: Shape = {"type": "string", "maxLength": 128, "pattern": "^[!-~]+$"}
SHA256: Shape = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
PROBABILITY: Shape = {"type": "number", "minimum": 0, "maximum": 1}


def record(
    required: dict[str, Shape], optional: dict[str, Shape] | None = None
) -> Shape:
    """An object with these members and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def listing(items: Shape, *, least: int = 0, most: int | None = None) -> Shape:
    bounds = {} if most is None else {"maxItems": most}
    return {"type": "array", "items": items, "minItems": least, **bounds}


def either(*shapes: Shape) -> Shape:
    return {"anyOf": list(shapes)}


def maybe(shape: Shape) -> Shape:
    return either(shape, {"type": "null"})


def choice(*values: Any) -> Shape:
    return {"enum": list(values)}


def text(most: int, least: int = 1) -> Shape:
    return {"type": "string", "minLength": least, "maxLength": most}


def page_of(items: Shape) -> Shape:
    """The body of every list endpoint."""
    link = maybe({"type": "string"})
    return record(
        {"count": COUNT, "next": link, "previous": link, "results": listing(items)}
    )


def component(name: str, shape: Shape) -> Shape:
    """Register a shape under a name; returns the reference to it."""
    COMPONENTS[name] = shape
    return {"$ref": f"#/components/schemas/{name}"}
