"""Tool calls that can't be right, whatever a model thinks of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from scoring.schema import Call, Episode

# Schemas of tools come with the episode, from outside. What could fetch, recurse,
# multiply or backtrack without end is not looked at: such a call is just not charged.
_SKIPPED = ("$ref", "$dynamicRef", "pattern", "patternProperties", "uniqueItems")
_Bounded: type[Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, dict.fromkeys(_SKIPPED, lambda *_: None)
)


def faults(episode: Episode, rules: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The steps whose calls break one of `rules`, each with the rule as its flag.

    `unparsed_arguments`: arguments that set out to be JSON and aren't.
    `schema_invalid`: arguments that don't fit the tool's JSON Schema, where
    `meta.tools` declares one (OpenAI's or Anthropic's shape).
    """
    schemas = _declared(episode.meta.get("tools"))
    for step in episode.steps:
        if "unparsed_arguments" in rules and any(map(_unparsed, step.calls)):
            yield step.index, "unparsed_arguments"
        if "schema_invalid" in rules and any(_misfit(c, schemas) for c in step.calls):
            yield step.index, "schema_invalid"


def _unparsed(call: Call) -> bool:
    # text-only agents call tools with plain words, and logs print Python's own braces:
    # only what starts as a JSON object is held to be one
    return isinstance(call.arguments, str) and call.arguments.lstrip()[:2] == '{"'


def _misfit(call: Call, schemas: Mapping[str, Any]) -> bool:
    if call.name not in schemas or isinstance(call.arguments, str):
        return False
    arguments = {} if call.arguments is None else call.arguments
    validator = _validator(json.dumps(schemas[call.name], sort_keys=True))
    return validator is not None and not validator.is_valid(arguments)


def _declared(tools: Any) -> dict[str, Any]:
    rows = tools if isinstance(tools, list) else []
    found: dict[str, Any] = {}
    for row in rows:
        inner = row.get("function", row) if isinstance(row, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            found[inner["name"]] = inner.get("parameters", inner.get("input_schema"))
    return {name: schema for name, schema in found.items() if isinstance(schema, dict)}


@lru_cache(maxsize=1024)
def _validator(schema: str) -> Validator | None:
    # additionalProperties runs these patterns too
    if '"patternProperties"' in schema:
        return None
    try:
        Draft202012Validator.check_schema(json.loads(schema))
    except SchemaError:
        return None
    return _Bounded(json.loads(schema))
