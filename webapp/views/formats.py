"""The formats that are read, from the registry itself."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from scoring.formats import FORMATS, Format
from scoring.formats.minari import MINARI


@dataclass(frozen=True, slots=True)
class Shown:
    """A format, and the sets of keys (or words) any of which tells it."""

    format: Format
    told_by: tuple[tuple[str, ...], ...]


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every format, those that fit the words asked for first of all by name."""
    wanted = request.GET.get("q", "").strip()[:100].lower()
    rows = [_shown(format) for format in (*FORMATS, MINARI)]
    found = [row for row in rows if wanted in _words(row)]
    context = {"rows": found, "all": len(rows), "wanted": wanted}
    return render(request, "webapp/formats/list.html", context)


def _shown(format: Format) -> Shown:
    return Shown(format, tuple(tuple(sorted(keys)) for keys in format.needs if keys))


def _words(row: Shown) -> str:
    told = " ".join(key for keys in row.told_by for key in keys)
    return f"{row.format.name} {row.format.title} {told}".lower()
