"""Labelled episodes as files that trainers read: `EXPORTS[name](rows, **options)`."""

from collections.abc import Callable, Iterator, Mapping

from scoring.exports.atif import atif
from scoring.exports.labelled import Labelled
from scoring.exports.trl_stepwise import trl_stepwise

__all__ = ["EXPORTS", "Labelled"]

# Each takes an iterable of Labelled and its own options, and yields lines of text.
EXPORTS: Mapping[str, Callable[..., Iterator[str]]] = {
    "trl_stepwise": trl_stepwise,
    "atif": atif,
}
