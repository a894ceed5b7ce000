"""How the product's own values look on a page."""

import json
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from scoring.formats.blobs import NAMED, named
from webapp.models import Image

register = template.Library()

# a glyph and a text: never told by colour alone
VERDICTS = {"1": "✓ +1", "0": "○ 0", "-1": "✕ −1", "unsure": "? unsure", "": "·"}
# of a text of unknown size, what a page shows before it is asked for the rest
PREVIEW = 4_000
FOLDED_FROM = 600
ONE_LINE = 80

TABS = {
    "episodes": ("episodes", "workspace", "reward", "what-if", "upload"),
    "jobs": ("jobs", "job"),
    "training": ("training", "training-run"),
    "models": (
        *("models", "model", "evaluation", "evaluated-steps", "compare", "promote"),
        *("roll-back", "import-model"),
    ),
    "rewards": ("rewards", "rewarded"),
    "specs": ("specs", "spec", "new-spec", "spec-diff"),
    "exports": ("exports",),
}


@register.filter
def verdict(value: object) -> str:
    return VERDICTS.get("" if value is None else str(value), str(value))


@register.filter
def key(value: object) -> str:
    """A verdict as the pages' attributes and forms spell it."""
    return "" if value is None else str(value)


@register.filter
def preview(text: str) -> str:
    return text[:PREVIEW]


@register.filter
def is_cut(text: str) -> bool:
    return len(text) > PREVIEW


@register.filter
def is_long(text: str) -> bool:
    return len(text) > FOLDED_FROM or text.count("\n") > 12


@register.filter
def first_line(text: str) -> str:
    line = text[:200].strip().partition("\n")[0]
    return line if len(line) <= 100 else f"{line[:99]}…"


@register.filter
def opening(text: str) -> str:
    """How a text begins, whatever its lines are."""
    words = " ".join(text[:400].split())
    return words if len(words) <= 200 else f"{words[:199]}…"


@register.filter
def pretty(value: object) -> str:
    """JSON for reading, on one line while it is short; a text that wasn't JSON stays
    as it was."""
    if isinstance(value, str):
        return value
    line = json.dumps(value, ensure_ascii=False)
    return (
        line
        if len(line) < ONE_LINE
        else json.dumps(value, indent=2, ensure_ascii=False)
    )


@register.filter
def pictures(text: str, images: dict[str, Image] | None) -> list[Image]:
    """What a text speaks of as `sha256:…`, if it came with the episode."""
    return [images[name] for name in named(text) if name in images] if images else []


@register.filter
def with_short_names(text: str) -> str:
    """A text for reading, its blobs named by the first digits of their hash."""
    return NAMED.sub(lambda found: f"sha256:{found[1][:10]}…", text)


@register.filter
def short(sha256: str | None) -> str:
    return (sha256 or "")[:10]


@register.filter
def signed(value: float | None) -> str:
    """A reward: its sign, four decimals, a real minus, and no 0 that isn't one."""
    if value is None:
        return "–"
    if abs(value) < 5e-5:
        return "≈ 0" if value else "0"
    return f"{value:+.4f}".replace("-", "−")


@register.filter
def measure(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, float):
        return "–" if value is None else str(value)
    return f"{value:.3f}".replace("-", "−")


@register.filter
def percent(value: object) -> str:
    return f"{100 * value:.0f} %" if isinstance(value, int | float) else "–"


@register.filter
def rounded(value: float | None) -> str:
    """Three digits that mean something, whatever the size."""
    return "–" if value is None else f"{value:.3g}".replace("-", "−")


@register.filter
def amount(value: float | None) -> str:
    """A number of a spec, as short as it was written."""
    return "–" if value is None else f"{value:g}".replace("-", "−")


@register.filter
def correlation(value: float | None) -> str:
    """A mean or an r among many: its sign and two decimals."""
    return "–" if value is None else f"{value:+.2f}".replace("-", "−")


@register.filter
def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return _("%(s)d s") % {"s": whole}
    if whole < 3600:
        return _("%(m)d min %(s)d s") % {"m": whole // 60, "s": whole % 60}
    return _("%(h)d h %(m)d min") % {"h": whole // 3600, "m": whole % 3600 // 60}


@register.filter
def item(mapping: dict[Any, Any] | None, name: object) -> object:
    return (mapping or {}).get(name)


@register.simple_tag(takes_context=True)
def tabs(context: dict[str, Any], slug: str) -> list[dict[str, Any]]:
    """The sections of a project, the one of the current page marked."""
    match = context["request"].resolver_match
    here = match.url_name if match else ""
    labels = {
        "episodes": _("Episodes"),
        "jobs": _("Jobs"),
        "training": _("Training"),
        "models": _("Models"),
        "rewards": _("Rewards"),
        "specs": _("Reward specs"),
        "exports": _("Exports"),
    }
    return [
        {
            "url": reverse(name, args=[slug]),
            "label": labels[name],
            "here": here in pages,
        }
        for name, pages in TABS.items()
    ]
