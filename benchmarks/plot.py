"""Curves as an SVG file, readable without a plotting library."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, EDGE = 480, 280, 56
COLOURS = ("#2563eb", "#d97706", "#059669", "#7c3aed")

Points = Sequence[tuple[float, float]]


def line(path: Path, points: Points, labels: tuple[str, str]) -> None:
    """Points joined by lines, both axes from zero, each point with its value."""
    curves(path, {"": points}, labels)


def curves(path: Path, series: Mapping[str, Points], labels: tuple[str, str]) -> None:
    """Several such curves over one another, each named at its end."""
    every = [point for points in series.values() for point in points]
    right, top = (max(axis) * 1.1 for axis in zip(*every, strict=True))
    drawn = "".join(
        mark
        for colour, (name, points) in zip(COLOURS, series.items(), strict=False)
        for mark in _curve(name, points, (right, top), colour)
    )
    ticks = "".join(
        _text(_x(at, right), HEIGHT - EDGE + 16, f"{at:g}")
        for at in sorted({x for x, _ in every})
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11">'
        f'<path d="M{EDGE} {EDGE / 2}V{HEIGHT - EDGE}H{WIDTH - EDGE / 2}" '
        f'fill="none" stroke="gray"/>{drawn}{ticks}'
        f"{_text(WIDTH / 2, HEIGHT - 12, labels[0])}"
        f'<text x="8" y="16">{labels[1]}</text></svg>\n'
    )


def _curve(
    name: str, points: Points, most: tuple[float, float], colour: str
) -> Iterator[str]:
    places = [(_x(x, most[0]), _y(y, most[1])) for x, y in points]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    stroke = f'stroke="{colour}" stroke-width="2"'
    yield f'<polyline points="{joined}" fill="none" {stroke}/>'
    for (x, y), (_, value) in zip(places, points, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
        yield _text(x, y - 8, f"{value:.3g}")
    x, y = places[-1]
    yield f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" fill="{colour}">{name}</text>'


def _x(value: float, most: float) -> float:
    return EDGE + value / most * (WIDTH - 2 * EDGE)


def _y(value: float, most: float) -> float:
    return HEIGHT - EDGE - value / most * (HEIGHT - 2 * EDGE)


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>'
