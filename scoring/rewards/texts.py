"""Reward specs as people write them: YAML or JSON."""

from typing import Any

import yaml

from scoring import strictjson
from scoring.errors import InvalidInput, InvalidSpec
from scoring.rewards.spec import Spec

MAX_CHARACTERS = 50_000


def read(text: str) -> Spec:
    """The spec a text declares; what begins with a brace is JSON.

    Raises:
        InvalidSpec: with the line where it can't be read, or the JSON pointer of the
            first thing that is wrong.
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidSpec(f"a spec has at most {MAX_CHARACTERS:,} characters")
    is_json = text.lstrip().startswith("{")
    return Spec.from_dict(_json(text) if is_json else _yaml(text))


def write(spec: Spec) -> str:
    """The spec in YAML, short rules on one line; `read` gives back an equal one."""
    text: str = yaml.safe_dump(
        spec.to_dict(), sort_keys=False, default_flow_style=None, width=72
    )
    return text


class _Loader(yaml.SafeLoader):
    """YAML without what would let a short text hide something: aliases (a few lines
    become gigabytes) and keys that stand twice (only the last would count)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="aliases are not read here", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key.value, str) or key.value in seen:
                problem = f"expected a name that stands once, got {str(key.value)[:80]}"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _yaml(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader, and stricter
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else None
        raise InvalidSpec(error.problem or "no YAML", line=line) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidSpec("this can't be read as YAML") from error


def _json(text: str) -> Any:
    try:
        return strictjson.loads(text)
    except InvalidInput as error:
        pointer, line = error.pointer, error.line
        raise InvalidSpec(error.detail, pointer=pointer, line=line) from error
