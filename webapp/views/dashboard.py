"""The numbers on the admin's first page, each a link to the rows it counts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from webapp.services import dashboard
from webapp.services.dashboard import Figure
from webapp.templatetags.pacenote import verdict
from webapp.views import cards


def admin_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """DASHBOARD_CALLBACK of settings.UNFOLD."""
    said = dashboard.numbers()
    mix = [(verdict(value), figure) for value, figure in said["label_mix"]]
    return context | {
        "episodes": linked(said["episodes"]),
        "labels": linked(said["labels"]),
        "labels_per_day": bars(said["labels_per_day"]),
        "labels_per_person": bars(said["labels_per_person"]),
        "label_mix": bars(mix),
        "jobs": [(state, linked(figure)) for state, figure in said["jobs"]],
        "oldest_job": said["oldest_job"],
        "parts": said["parts"],
        "metric_names": cards.HEADLINE,
        "champions": [(m, cards.headline(m.card)) for m in said["champions"]],
        "families": [(name, histogram(of)) for name, of in said["scores"].items()],
    }


def linked(figure: Figure) -> dict[str, Any]:
    at = reverse(f"admin:webapp_{figure.model}_changelist")
    where = {_lookup(name): _spelled(value) for name, value in figure.where.items()}
    return {"value": figure.value, "url": f"{at}?{urlencode(where)}"}


def bars(rows: list[tuple[Any, Figure]]) -> list[dict[str, Any]]:
    """Rows with the width of their bar, in percent of the longest."""
    most = max((figure.value for _, figure in rows), default=1) or 1
    return [
        {"name": name, "width": 100 * figure.value / most, **linked(figure)}
        for name, figure in rows
    ]


def histogram(family: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a drawing 100 wide and 30 high."""
    counts = family["counts"]
    most, width = max(counts) or 1, 100 / len(counts)
    columns = [
        {"x": i * width, "height": 28 * n / most, "y": 30 - 28 * n / most, "n": n}
        for i, n in enumerate(counts)
    ]
    return {"mean": family["mean"], "columns": columns, "width": width * 0.9}


def _lookup(name: str) -> str:
    """As the admin's own filters call it; `value` is one of ours."""
    return name if "__" in name or name == "value" else f"{name}__exact"


def _spelled(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value
