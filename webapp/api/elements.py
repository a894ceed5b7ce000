"""Many things in one body: the error of one says which."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from scoring.errors import InvalidInput

T = TypeVar("T")


def each(
    items: Iterable[Any], read: Callable[[Any], T], at: str = "/episodes"
) -> list[T]:
    """Read every element of the list that stands at `at`.

    Raises:
        InvalidInput: of the first wrong one, its pointer led by its place.
    """
    return [_located(item, read, f"{at}/{i}") for i, item in enumerate(items)]


def _located(item: Any, read: Callable[[Any], T], at: str) -> T:
    try:
        return read(item)
    except InvalidInput as error:
        error.pointer = f"{at}{error.pointer or ''}"
        raise


def each_line(lines: Iterable[tuple[int, Any]], read: Callable[[Any], T]) -> list[T]:
    """Read every line's value.

    Raises:
        InvalidInput: of the first wrong one, with its line.
    """
    found = []
    for number, item in lines:
        try:
            found.append(read(item))
        except InvalidInput as error:
            error.line = number
            raise
    return found
