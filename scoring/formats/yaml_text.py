"""YAML as plain values: text, lists and objects, and nothing that grows when unfolded.

The values are built from the parser's events, so that no tag can make anything else of
them: every scalar stays the text that it is. Aliases are refused, since a few of them
can stand for gigabytes.
"""

from collections.abc import Iterable
from typing import Any

import yaml

from scoring import strictjson
from scoring.errors import UnreadableFile

MAX_SIZE = 8 << 20
_OPEN = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSE = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def loads(text: str) -> Any:
    """The first document of a text.

    Raises: UnreadableFile: no YAML, or YAML we refuse.
    """
    if len(text) > MAX_SIZE:
        raise UnreadableFile(f"a YAML document larger than {MAX_SIZE >> 20} MB")
    try:
        value = _built(yaml.parse(text, Loader=yaml.CBaseLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        detail = f"not valid YAML: {error.problem}"
        raise UnreadableFile(detail, line=mark.line + 1 if mark else None) from None
    except (yaml.YAMLError, ValueError):
        raise UnreadableFile("not valid YAML: characters it can't hold") from None
    strictjson.check(value)
    return value


def _built(events: Iterable[Any]) -> Any:
    """The value that the events tell of; depth costs no recursion."""
    inside: list[tuple[Any, list[Any]]] = [(None, [])]
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableFile("a YAML document with aliases")
        if isinstance(event, yaml.DocumentEndEvent):
            break
        if isinstance(event, _OPEN):
            inside.append((event, []))
            if len(inside) > strictjson.MAX_DEPTH:
                raise UnreadableFile("a YAML document nested too deep")
        elif isinstance(event, _CLOSE):
            opened, values = inside.pop()
            inside[-1][1].append(_container(opened, values))
        elif isinstance(event, yaml.ScalarEvent):
            inside[-1][1].append(event.value)
    return next(iter(inside[0][1]), None)


def _container(opened: Any, values: list[Any]) -> Any:
    if isinstance(opened, yaml.SequenceStartEvent):
        return values
    names = [str(name) if isinstance(name, str) else "" for name in values[::2]]
    return dict(zip(names, values[1::2], strict=True))
