"""Curves as SVG files, readable without a plotting library."""

from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, EDGE = 480, 280, 56


def line(
    path: Path, points: Sequence[tuple[float, float]], labels: tuple[str, str]
) -> None:
    """Points joined by lines, both axes from zero, each point with its value."""
    right, top = (max(axis) * 1.1 for axis in zip(*points, strict=True))
    places = [
        (
            EDGE + x / right * (WIDTH - 2 * EDGE),
            HEIGHT - EDGE - y / top * (HEIGHT - 2 * EDGE),
        )
        for x, y in points
    ]
    joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
        f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{value:.3g}</text>'
        f'<text x="{x:.1f}" y="{HEIGHT - EDGE + 16}" text-anchor="middle">{at:g}</text>'
        for (x, y), (at, value) in zip(places, points, strict=True)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11">'
        f'<path d="M{EDGE} {EDGE / 2}V{HEIGHT - EDGE}H{WIDTH - EDGE / 2}" '
        f'fill="none" stroke="gray"/>'
        f'<polyline points="{joined}" fill="none" stroke="#2563eb" stroke-width="2"/>'
        f'{marks}<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
        f'{labels[0]}</text><text x="8" y="16">{labels[1]}</text></svg>\n'
    )


COLOURS = ("#2563eb", "#d97706", "#dc2626", "#059669")


def curves(
    path: Path,
    series: Mapping[str, Sequence[tuple[float, float]]],
    labels: tuple[str, str],
) -> None:
    """Several curves by name over one pair of axes from zero, the last point of each
    with its value."""
    points = [point for found in series.values() for point in found]
    right, top = (max(axis) * 1.1 for axis in zip(*points, strict=True))

    def place(x: float, y: float) -> tuple[float, float]:
        across = EDGE + x / right * (WIDTH - 2 * EDGE)
        return across, HEIGHT - EDGE - y / top * (HEIGHT - 2 * EDGE)

    drawn = []
    for (name, found), colour in zip(series.items(), COLOURS, strict=False):
        joined = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in found)
        x, y = place(*found[-1])
        drawn.append(
            f'<polyline points="{joined}" fill="none" stroke="{colour}" '
            f'stroke-width="2"/><text x="{x + 4:.1f}" y="{y + 4:.1f}" '
            f'fill="{colour}">{name} {found[-1][1]:.3g}</text>'
        )
    ticks = "".join(
        f'<text x="{place(x, 0)[0]:.1f}" y="{HEIGHT - EDGE + 16}" '
        f'text-anchor="middle">{x:.3g}</text>'
        for x, _ in next(iter(series.values()))
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="11">'
        f'<path d="M{EDGE} {EDGE / 2}V{HEIGHT - EDGE}H{WIDTH - EDGE / 2}" '
        f'fill="none" stroke="gray"/>{"".join(drawn)}{ticks}'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{labels[0]}'
        f'</text><text x="8" y="16">{labels[1]}</text></svg>\n'
    )
