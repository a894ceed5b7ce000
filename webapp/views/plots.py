"""Line drawings of a model's evaluation: numbers in, SVG attributes out.

A series is told by a colour of the style sheet, by solid or dashed, and by its name in
the legend: never by colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.views.charts import Tick

WIDTH, HEIGHT = 400.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 10.0, 8.0, 34.0
DOTS = 40  # of a line with more points none is marked

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """`ink` is a family's colour; `points` is what a polyline wants."""

    name: str
    ink: str
    dashed: bool
    points: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """Series in a box of WIDTH × HEIGHT, with what its axes say."""

    series: tuple[Series, ...]
    x: tuple[Tick, ...]
    y: tuple[Tick, ...]
    x_name: str
    y_name: str
    diagonal: str = ""

    @property
    def has_names(self) -> bool:
        return len([series for series in self.series if series.name]) > 1


@dataclass(frozen=True, slots=True)
class Line:
    """A series before it is drawn: points in data space, each with its label."""

    name: str
    ink: str
    points: Sequence[Point]
    labels: Sequence[str] = ()
    urls: Sequence[str] = ()
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """From data to the box; `x` and `y` are (lowest, highest)."""

    x: Point
    y: Point

    def at(self, point: Point) -> Point:
        across = (point[0] - self.x[0]) / ((self.x[1] - self.x[0]) or 1)
        up = (point[1] - self.y[0]) / ((self.y[1] - self.y[0]) or 1)
        wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
        return LEFT + wide * across, TOP + high * (1 - up)

    def ticks(self, x: Sequence[float], y: Sequence[float]) -> Any:
        along = tuple(Tick(self.at((v, self.y[0]))[0], f"{v:.4g}") for v in x)
        upward = tuple(Tick(self.at((self.x[0], v))[1], f"{v:.3g}") for v in y)
        return along, upward


def drawn(
    lines: Sequence[Line],
    scale: Scale,
    *,
    x: Sequence[float],
    y: Sequence[float],
    names: tuple[str, str],
    diagonal: bool = False,
) -> Plot:
    along, upward = scale.ticks(x, y)
    ends = (scale.at((scale.x[0], scale.y[0])), scale.at((scale.x[1], scale.y[1])))
    return Plot(
        series=tuple(_series(line, scale) for line in lines if line.points),
        x=along,
        y=upward,
        x_name=names[0],
        y_name=names[1],
        diagonal=_path(ends) if diagonal else "",
    )


def reliability(bins: Sequence[Mapping[str, Any]]) -> Plot | None:
    if not bins:
        return None
    points = [(row["q"], row["not_wrong"]) for row in bins]
    labels = [
        f"q {row['q']:.2f}: {row['not_wrong']:.0%} of {row['steps']} steps not wrong"
        for row in bins
    ]
    line = Line("this model", "process", points, labels)
    quarters = (0, 0.25, 0.5, 0.75, 1)
    return drawn(
        [line],
        Scale((0, 1), (0, 1)),
        x=quarters,
        y=quarters,
        names=("q, as the model says", "share of steps not wrong"),
        diagonal=True,
    )


def risk_coverage(curve: Sequence[Sequence[float]]) -> Plot | None:
    if not curve:
        return None
    points = [(row[0], row[1]) for row in curve]
    labels = [f"surest {share:.0%}: {risk:.1%} wrong" for share, risk in points]
    top = max(0.1, max(risk for _, risk in points) * 1.1)
    return drawn(
        [Line("this model", "process", points, labels)],
        Scale((0, 1), (0, top)),
        x=(0, 0.25, 0.5, 0.75, 1),
        y=(0, top / 2, top),
        names=("share of steps answered", "share of calls that are mistaken"),
    )


def best_of_n(rows: Sequence[Mapping[str, Any]]) -> Plot | None:
    """None for fewer than two points: a curve of one says nothing."""
    if len(rows) < 2:
        return None
    ns = [float(i) for i in range(len(rows))]

    def line(name: str, ink: str, column: str, *, dashed: bool) -> Line:
        labels = [
            f"best of {r['n']}: {r[column]:.1%}, {r['tasks']} tasks" for r in rows
        ]
        points = [(n, row[column]) for n, row in zip(ns, rows, strict=True)]
        return Line(name, ink, points, labels, dashed=dashed)

    plot = drawn(
        [
            line("chosen by lowest q", "process", "chosen", dashed=False),
            line("an oracle's choice", "final", "oracle", dashed=True),
            line("at random", "auxiliary", "random", dashed=True),
        ],
        Scale((0, max(ns)), (0, 1)),
        x=ns,
        y=(0, 0.5, 1),
        names=("n, runs of a task to choose from", "share of successes"),
    )
    ticks = [Tick(tick.at, str(r["n"])) for tick, r in zip(plot.x, rows, strict=True)]
    return Plot(plot.series, tuple(ticks), plot.y, plot.x_name, plot.y_name)


def learning(points: Sequence[tuple[int, float, str, str]]) -> Plot | None:
    """(labelled steps trained on, AUROC, label, url) of a project's models."""
    if len({steps for steps, *_ in points}) < 2:
        return None
    rows = sorted(points)
    most = max(steps for steps, *_ in rows)
    low = min(0.5, *(auroc for _, auroc, *_ in rows))
    line = Line(
        "models of this project",
        "process",
        [(float(steps), auroc) for steps, auroc, *_ in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
    )
    return drawn(
        [line],
        Scale((0, most), (low, 1)),
        x=(0, round(most / 2), most),
        y=(low, (low + 1) / 2, 1),
        names=("labelled steps trained on", "AUROC of −1"),
    )


def descents(losses: Sequence[Sequence[float]]) -> Plot | None:
    """Every descent of a head, each from its own first epoch."""
    lines = [
        [(float(epoch + 1), value) for epoch, value in enumerate(row)] for row in losses
    ]
    lines = [row for row in lines if len(row) > 1]
    if not lines:
        return None
    most = max(x for row in lines for x, _ in row)
    values = [y for row in lines for _, y in row]
    low, high = min(values), max(values)
    return drawn(
        [Line("", "final", row) for row in lines],
        Scale((1, most), (low, high if high > low else low + 1)),
        x=(1, most),
        y=(low, high),
        names=("epoch of the descent", "loss"),
    )


def _series(line: Line, scale: Scale) -> Series:
    places = [scale.at(point) for point in line.points]
    dots = []
    if len(places) <= DOTS and line.labels:
        urls = line.urls or [""] * len(places)
        rows = zip(places, line.labels, urls, strict=True)
        dots = [
            Dot(round(x, 1), round(y, 1), label, url) for (x, y), label, url in rows
        ]
    return Series(line.name, line.ink, line.dashed, _path(places), tuple(dots))


def _path(places: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
