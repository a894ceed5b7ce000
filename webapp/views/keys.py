"""The workspace's keys: one table, from which the page's handler, its overlay and the
manual's table (docs/labelling.md) all follow."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Binding:
    """`keys` as browsers name them (KeyboardEvent.key); `action` is what
    static/webapp/js/workspace.js calls it, `value` its argument."""

    keys: tuple[str, ...]
    action: str
    does: str | Promise
    value: str = ""


BINDINGS = (
    Binding(("j", "ArrowDown"), "next", _("next step")),
    Binding(("k", "ArrowUp"), "previous", _("previous step")),
    Binding(("1", "+"), "verdict", _("+1: moves the task on, and go on"), "1"),
    Binding(("2", "0"), "verdict", _("0: neither, and go on"), "0"),
    Binding(("3", "-"), "verdict", _("−1: wrong, and go on"), "-1"),
    Binding(("u",), "verdict", _("unsure, and go on"), "unsure"),
    Binding(("z",), "undo", _("undo your last judgement")),
    Binding(("Z",), "redo", _("redo what you undid")),
    Binding(("n",), "nextUnlabelled", _("next unlabelled step")),
    Binding(("N",), "previousUnlabelled", _("previous unlabelled step")),
    Binding(("c",), "comment", _("write a comment")),
    Binding((" ",), "fold", _("fold or unfold the step")),
    Binding(("m",), "reveal", _("show the model's score, after your own label")),
    Binding(("?",), "help", _("this list")),
    Binding(("Escape",), "leave", _("leave a text field or this list")),
)

NAMES = {
    " ": "Space",
    "ArrowDown": "↓",
    "ArrowUp": "↑",
    "Escape": "Esc",
    "Z": "Shift+z",
}
NAMES["N"] = "Shift+n"


def table() -> dict[str, dict[str, str]]:
    """key -> {action, value}, as the page's handler wants it."""
    return {
        key: {"action": binding.action, "value": binding.value}
        for binding in BINDINGS
        for key in binding.keys
    }


def overlay() -> list[tuple[list[str], str | Promise]]:
    """(the keys by their names, what they do), for people."""
    return [([NAMES.get(k, k) for k in b.keys], b.does) for b in BINDINGS]
