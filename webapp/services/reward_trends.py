"""Rewards over time, and the sign of a hacked process reward: it rises while the
outcome does not (the divergence Gao et al. measured for reward models, 2210.10760)."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any

from django.db.models import Avg, Count, F, FloatField, Max, Min, QuerySet, Sum
from django.db.models.functions import Trunc

from webapp.models import Score

# below this many scores a half says nothing; beyond these z a change is one, or none
LEAST, RISEN, FLAT = 20, 3.0, 1.0
WATCHED = ("final", "process")


@dataclass(frozen=True, slots=True)
class Point:
    """The scores of one hour or day of episodes: means and sums of squares."""

    since: datetime
    count: int
    final: float
    process: float
    final_squares: float
    process_squares: float


@dataclass(frozen=True, slots=True)
class Trend:
    """`changes` from the earlier half of the scores to the later one and `z` of both,
    None where there are too few; `diverges`: process rose, the outcome didn't."""

    points: tuple[Point, ...]
    changes: dict[str, float] | None = None
    z: dict[str, float] | None = None

    @property
    def diverges(self) -> bool:
        if self.z is None:
            return False
        return self.z["process"] >= RISEN and self.z["final"] <= FLAT

    def to_dict(self) -> dict[str, Any]:
        shown = ("since", "count", *WATCHED)
        rows = [asdict(point) for point in self.points]
        points = [{name: row[name] for name in shown} for row in rows]
        changes = {"changes": self.changes, "z": self.z, "diverges": self.diverges}
        return {"points": points, **changes}


def of(rows: QuerySet[Score]) -> Trend:
    """By when the episodes came in: days, or hours where they span less than three."""
    known = rows.filter(final__isnull=False, process__isnull=False)
    at = "episode__created_at"
    ends = known.aggregate(first=Min(at), last=Max(at))
    if ends["first"] is None:
        return Trend(())
    is_short = ends["last"] - ends["first"] < timedelta(days=3)
    since = Trunc(at, "hour" if is_short else "day")
    found = known.annotate(since=since).values("since").order_by("since")
    measured = found.annotate(
        n=Count("pk"),
        mean_final=Avg("final"),
        mean_process=Avg("process"),
        squares_final=_squares("final"),
        squares_process=_squares("process"),
    )
    columns = ("mean_final", "mean_process", "squares_final", "squares_process")
    return trend([Point(*row) for row in measured.values_list("since", "n", *columns)])


def _squares(name: str) -> Sum:
    return Sum(F(name) * F(name), output_field=FloatField())


def trend(points: list[Point]) -> Trend:
    """Compare the later half of the scores with the earlier one (Welch's z)."""
    earlier, later = _halves(points)
    if min(_count(earlier), _count(later)) < LEAST:
        return Trend(tuple(points))
    changes, z = {}, {}
    for name in WATCHED:
        (was, error_was), (now, error_now) = (
            _mean(half, name) for half in (earlier, later)
        )
        changes[name] = now - was
        z[name] = (now - was) / (sqrt(error_was + error_now) or 1e-9)
    return Trend(tuple(points), changes, z)


def _halves(points: list[Point]) -> tuple[list[Point], list[Point]]:
    total, seen = _count(points), 0
    for i, point in enumerate(points):
        # the point in the middle goes where it makes the halves more alike
        if seen + point.count / 2 >= total / 2:
            return points[:i], points[i:]
        seen += point.count
    return points, []


def _count(points: list[Point]) -> int:
    return sum(point.count for point in points)


def _mean(points: list[Point], name: str) -> tuple[float, float]:
    """Mean and its squared standard error."""
    n = _count(points)
    mean = sum(getattr(point, name) * point.count for point in points) / n
    squares = sum(getattr(point, f"{name}_squares") for point in points)
    return mean, max(squares / n - mean * mean, 0.0) / n
