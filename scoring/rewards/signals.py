"""Signals: what combine() needs of one episode, checked to the last number."""

from dataclasses import dataclass, fields
from typing import Any

from scoring.errors import InvalidSignals
from scoring.schema import MAX_STEPS, Ended

_Numbers = tuple[float | None, ...]
_UNIT = (0.0, 1.0)
# optional series, their bounds, and whether a step may lack its number
_SERIES = (("value", _UNIT, True), ("aux", (-1.0, 0.0), False), ("harm", _UNIT, False))


@dataclass(frozen=True, slots=True)
class Signals:
    """One episode of T steps as numbers from anybody's reward model.

    `q` is P(step not wrong) a step, `value` P(success) a step (reported back, never
    rewarded), `final` f, `social` the probability of being preferred, `aux` prefix
    values in [-1, 0], `harm` probabilities a step, `violations` indices of steps that
    broke a gate rule, `corrections` pairs (t, j): step t put step j < t right. None
    stands for unknown, never for 0.

    Raises:
        InvalidSignals: on construction, with the JSON pointer of the first wrong value.
    """

    id: str
    q: _Numbers
    value: _Numbers | None = None
    final: float | None = None
    social: float | None = None
    aux: tuple[float, ...] | None = None
    harm: tuple[float, ...] | None = None
    violations: tuple[int, ...] | None = None
    ended: Ended = "terminated"
    corrections: tuple[tuple[int, int], ...] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str):
            raise InvalidSignals("expected text", pointer="/id")
        _check_series("q", self.q, None, _UNIT, gaps=True)
        steps = len(self.q)
        for name, bounds, gaps in _SERIES:
            series = getattr(self, name)
            if series is not None:
                _check_series(name, series, steps, bounds, gaps=gaps)
        for name, number in (("final", self.final), ("social", self.social)):
            check_number(0.0 if number is None else number, f"/{name}", _UNIT)
        _check_violations(() if self.violations is None else self.violations, steps)
        check_corrections(() if self.corrections is None else self.corrections, steps)
        if self.ended not in ("terminated", "truncated"):
            raise InvalidSignals("expected terminated or truncated", pointer="/ended")

    @classmethod
    def from_dict(cls, data: Any) -> "Signals":
        """Check and convert one JSON object; nothing unknown is let through.

        Raises:
            InvalidSignals: with the JSON pointer of the first thing wrong.
        """
        if not isinstance(data, dict):
            raise InvalidSignals("expected an object", pointer="")
        unknown = sorted(str(key) for key in set(data) - _FIELDS)
        if unknown:
            raise InvalidSignals(f"unknown field {unknown[0][:80]!r}", pointer="")
        if "q" not in data:
            raise InvalidSignals("signals need q, one entry a step", pointer="/q")
        return cls(**{"id": "", **{key: _frozen(data[key]) for key in data}})


_FIELDS = {field.name for field in fields(Signals)}


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _check_series(
    name: str,
    series: Any,
    steps: int | None,
    bounds: tuple[float, float],
    *,
    gaps: bool = False,
) -> None:
    if not isinstance(series, tuple):
        raise InvalidSignals("expected a list", pointer=f"/{name}")
    if steps is not None and len(series) != steps:
        detail = f"{len(series)} entries for {steps} steps"
        raise InvalidSignals(detail, pointer=f"/{name}")
    if not 0 < len(series) <= MAX_STEPS:
        raise InvalidSignals(f"expected 1 to {MAX_STEPS} entries", pointer=f"/{name}")
    for i, value in enumerate(series):
        if not (gaps and value is None):
            check_number(value, f"/{name}/{i}", bounds)


def check_number(value: Any, pointer: str, bounds: tuple[float, float]) -> None:
    """Refuse what is no number within bounds: a bool, text, NaN, infinity."""
    # bool is an int in Python, and would pass as 1.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidSignals("expected a number", pointer=pointer)
    low, high = bounds
    # NaN and the infinities fail this too
    if not low <= value <= high:
        detail = f"expected a number between {low:g} and {high:g}"
        raise InvalidSignals(detail, pointer=pointer)


def check_corrections(corrections: Any, steps: int) -> None:
    """Refuse what isn't pairs (t, j) with j < t, each j at most once."""
    if not isinstance(corrections, tuple | list):
        raise InvalidSignals("expected a list", pointer="/corrections")
    for i, pair in enumerate(corrections):
        at = f"/corrections/{i}"
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise InvalidSignals("expected a pair of step indices", pointer=at)
        later, earlier = (_step(k, at, steps) for k in pair)
        if earlier >= later:
            raise InvalidSignals("a step corrects an earlier one", pointer=at)
    if len({earlier for _, earlier in corrections}) < len(corrections):
        raise InvalidSignals("a step is corrected once", pointer="/corrections")


def _check_violations(violations: Any, steps: int) -> None:
    if not isinstance(violations, tuple):
        raise InvalidSignals("expected a list", pointer="/violations")
    for i, step in enumerate(violations):
        _step(step, f"/violations/{i}", steps)


def _step(index: Any, pointer: str, steps: int) -> int:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < steps:
        raise InvalidSignals(f"expected a step index below {steps}", pointer=pointer)
    return index
