"""The geometry of the drawings: numbers in, SVG attributes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil, isfinite
from typing import Protocol

COLUMNS = ("final", "process", "auxiliary", "social", "gate")
# a drawing beside a column, and one over the whole page: text is of one size in both
WIDTH, WHOLE, HEIGHT = 720.0, 1160.0, 180.0
LEFT, BOTTOM = 44.0, 20.0
# more bars than this are thinner than a pixel
MOST_BARS = 400


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Points as an SVG polyline wants them, in a box of WIDTH × HEIGHT."""

    training: str
    validation: str
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    points: int


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    family: str
    step: int
    label: str


@dataclass(frozen=True, slots=True)
class Bars:
    bars: tuple[Bar, ...]
    zero: float
    y: tuple[Tick, ...]
    steps_a_bar: int
    line: str


class Dated(Protocol):
    """A point in time with the means of two families."""

    @property
    def since(self) -> datetime: ...
    @property
    def final(self) -> float: ...
    @property
    def process(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Trend:
    """Two polylines over the same points, evenly spaced."""

    final: str
    process: str
    since: datetime
    until: datetime
    y: tuple[Tick, ...]
    points: int


def loss(curve: Sequence[Sequence[float | None]]) -> Lines | None:
    """The loss of training and validation by epoch; None for fewer than two points."""
    lines = [_known(curve, 1), _known(curve, 2)]
    values = [value for line in lines for _, value in line]
    if len(lines[0]) < 2:
        return None
    first, last = lines[0][0][0], lines[0][-1][0]
    low, high = min(values), max(values)

    def across(epoch: float) -> float:
        return LEFT + (WIDTH - LEFT - 8) * (epoch - first) / ((last - first) or 1)

    training, validation = (
        " ".join(f"{across(x):.1f},{_up(y, low, high):.1f}" for x, y in line)
        for line in lines
    )
    return Lines(
        training=training,
        validation=validation,
        x=tuple(Tick(across(epoch), f"{epoch:g}") for epoch in (first, last)),
        y=tuple(Tick(_up(v, low, high), f"{v:.3g}") for v in (low, high)),
        points=len(lines[0]),
    )


def trend(points: Sequence[Dated]) -> Trend | None:
    """The means of outcome and process over time; None for fewer than two points."""
    if len(points) < 2:
        return None
    values = [value for point in points for value in (point.final, point.process)]
    low, high = min(*values, 0.0), max(*values, 0.0)
    width = (WIDTH - LEFT - 8) / (len(points) - 1)

    def line(column: str) -> str:
        pairs = ((i * width + LEFT, getattr(p, column)) for i, p in enumerate(points))
        return " ".join(f"{x:.1f},{_up(y, low, high):.1f}" for x, y in pairs)

    return Trend(
        final=line("final"),
        process=line("process"),
        since=points[0].since,
        until=points[-1].since,
        y=tuple(Tick(_up(v, low, high), f"{v:+.2g}") for v in (low, high)),
        points=len(points),
    )


def bars(
    cells: Sequence[Mapping[str, float | None]],
    formulas: Sequence[Mapping[str, str]],
    so_far: Sequence[float],
) -> Bars:
    """One stacked bar a step (or a few neighbouring steps, summed), positive cells up
    from zero and negative ones down; over them the line of the total so far."""
    size = ceil(len(cells) / MOST_BARS)
    groups = [cells[i : i + size] for i in range(0, len(cells), size)]
    sums = [{c: sum(row[c] or 0 for row in group) for c in COLUMNS} for group in groups]
    tops = [sum(max(v, 0) for v in row.values()) for row in sums]
    feet = [sum(min(v, 0) for v in row.values()) for row in sums]
    ends = [so_far[min(i + size, len(so_far)) - 1] for i in range(0, len(so_far), size)]
    low, high = min((*feet, *ends, 0.0)), max((*tops, *ends, 0.0))
    if high == low:
        high = 1.0
    slot = (WHOLE - LEFT) / max(len(sums), 1)
    drawn = [
        bar
        for place, row in enumerate(sums)
        for bar in _stack(row, LEFT + place * slot, slot, low, high, place * size)
    ]
    if size == 1:
        drawn = [_explained(bar, formulas) for bar in drawn]
    middles = (LEFT + (place + 0.5) * slot for place in range(len(ends)))
    points = zip(middles, ends, strict=True)
    ticks = {v for v in (low, 0.0, high) if abs(v) > 1e-9 or v == 0}
    return Bars(
        bars=tuple(drawn),
        zero=_up(0, low, high),
        y=tuple(Tick(_up(v, low, high), f"{v:+.2g}" if v else "0") for v in ticks),
        steps_a_bar=size,
        line=" ".join(f"{x:.1f},{_up(value, low, high):.1f}" for x, value in points),
    )


def _stack(
    row: Mapping[str, float], x: float, slot: float, low: float, high: float, index: int
) -> list[Bar]:
    drawn, tops = [], {True: 0.0, False: 0.0}
    width = min(max(slot * 0.8, 0.8), 24.0)
    for family, value in row.items():
        if abs(value) < 1e-12:
            continue
        start = tops[value > 0]
        tops[value > 0] = end = start + value
        ys = sorted((_up(start, low, high), _up(end, low, high)))
        label = f"{index + 1} · {family} {value:+.3f}"
        x_ = x + (slot - width) / 2
        drawn.append(
            Bar(x_, ys[0], width, max(ys[1] - ys[0], 0.5), family, index, label)
        )
    return drawn


def _explained(bar: Bar, formulas: Sequence[Mapping[str, str]]) -> Bar:
    return replace(bar, label=f"{bar.label} = {formulas[bar.step][bar.family]}")


def _up(value: float, low: float, high: float) -> float:
    """SVG's y grows downwards."""
    return 8 + (HEIGHT - BOTTOM - 16) * (high - value) / ((high - low) or 1)


def _known(
    curve: Sequence[Sequence[float | None]], column: int
) -> list[tuple[float, float]]:
    """(epoch, loss) where both are there and finite."""
    pairs = ((row[0], row[column]) for row in curve)
    return [(x, y) for x, y in pairs if x is not None and y is not None and isfinite(y)]
