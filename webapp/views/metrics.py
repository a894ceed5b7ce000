"""The live page of the serving path, for staff."""

from collections.abc import Sequence
from typing import Any

import redis
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from webapp.models.job import State
from webapp.services import metrics
from webapp.services.metrics import Moment

# a sparkline, in the units of its viewBox
WIDTH, HEIGHT = 240, 40


@staff_member_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The page; htmx asks it for its inside every few seconds."""
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "webapp/metrics/" + ("_live.html" if is_fragment else "index.html")
    try:
        context = _context()
    except redis.RedisError:
        context = {"no_broker": True}
    return render(request, template, context)


def _context() -> dict[str, Any]:
    labels = dict(State.choices)
    jobs = [(labels[state], n) for state, n in metrics.jobs_by_state().items()]
    return {
        "figures": _figures(metrics.moments()),
        "replicas": metrics.replicas_seen(),
        "jobs": jobs,
        "oldest": metrics.oldest_queued(),
    }


def _figures(moments: Sequence[Moment]) -> list[dict[str, Any]]:
    rows: list[tuple[str, Sequence[float | None], str, int]] = [
        (_("Requests a second"), [m.requests for m in moments], "", 1),
        (_("Tokens a second"), [m.tokens for m in moments], "", 0),
        (_("Answer time, median"), _thousand([m.middle for m in moments]), "ms", 0),
        (_("Answer time, 95 %"), _thousand([m.slow for m in moments]), "ms", 0),
        (_("Wait in the lane, 95 %"), _thousand([m.queue for m in moments]), "ms", 0),
        (_("Tokens from the cache"), _hundred([m.cached for m in moments]), "%", 0),
        (_("Waiting now"), [m.waiting for m in moments], "", 0),
        (_("Refused a second"), [m.refused for m in moments], "", 2),
        (_("Too late a second"), [m.late for m in moments], "", 2),
    ]
    return [_figure(*row) for row in rows]


def _thousand(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else 1000 * value for value in values]


def _hundred(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else 100 * value for value in values]


def _figure(
    name: str, values: Sequence[float | None], unit: str, digits: int
) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    # the newest moment that had any
    now = next((value for value in reversed(values) if value is not None), None)
    return {
        "name": name,
        "value": None if now is None else f"{now:,.{digits}f}",
        "unit": unit,
        "most": f"{max(known):,.{digits}f}" if known else None,
        "lines": list(_lines(values, max(known, default=0.0))),
    }


def _lines(values: Sequence[float | None], most: float) -> Sequence[str]:
    """Points of a line through each stretch of known values, newest at the right."""
    step = WIDTH / (metrics.SAMPLES - 1)
    left = WIDTH - step * (len(values) - 1)
    found: list[list[str]] = [[]]
    for i, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            y = HEIGHT - 2 - (HEIGHT - 4) * (value / most if most else 0.0)
            found[-1].append(f"{left + i * step:.1f},{y:.1f}")
    return [" ".join(points) for points in found if len(points) > 1]
