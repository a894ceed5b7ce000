"""A model's card as tables: its metrics beside the trivial baselines' and another
model's, and the facts of its making."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# the row of the model itself in a card's table of step metrics
OWN = "prm"
SIZES = {"steps", "verdicts", "episodes"}
HEADLINE = ("auroc", "macro_f1", "ece")
_FACTS = (
    ("data", "data", "sha256"),
    ("backbone", "backbone", "sha256"),
    ("layers used", "backbone", "depth"),
    ("template", "template"),
    ("label type", "label_type"),
    ("threshold (F1)", "metrics", "threshold"),
    ("log odds (first error)", "metrics", "first_error_odds", "accuracy"),
    ("log odds (first error, F1)", "metrics", "first_error_odds", "f1"),
    ("seconds of training", "seconds"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One metric: of this model, of each baseline, of the model beside it."""

    name: str
    value: Any
    baselines: tuple[Any, ...]
    other: Any


@dataclass(frozen=True, slots=True)
class Fact:
    """`whole` is the whole of a hash that `value` only begins."""

    name: str
    value: Any
    whole: str = ""

    @classmethod
    def of(cls, name: str, value: Any) -> "Fact":
        is_hash = isinstance(value, str) and len(value) == 64
        return cls(name, value[:16], value) if is_hash else cls(name, value)


@dataclass(frozen=True, slots=True)
class Conduct:
    """One social head: what it was measured to do on runs it never saw."""

    axis: str
    numbers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    rows: tuple[Row, ...]
    baselines: tuple[str, ...]
    facts: tuple[Fact, ...]
    # labelled steps of the test set, and the tasks they belong to
    size: int | None
    tasks: int | None
    conduct: tuple[Conduct, ...]

    @classmethod
    def of(cls, card: Mapping[str, Any], other: Mapping[str, Any]) -> "Card":
        """Whatever a card holds; what it doesn't hold is None."""
        table = record(card, "metrics", "steps")
        names = tuple(name for name in table if name != OWN)
        beside = dict(_numbers(record(other, "metrics", "steps", OWN)))
        own = dict(_numbers(record(table, OWN)))
        columns = [dict(_numbers(record(table, name))) for name in names]
        steps = [
            Row(
                metric, value, tuple(c.get(metric) for c in columns), beside.get(metric)
            )
            for metric, value in own.items()
        ]
        rows = (*steps, *_value_rows(card, other, len(names)))
        titles = tuple(name.replace("_", " ") for name in names)
        return cls(
            rows=rows,
            baselines=titles,
            facts=_facts(card),
            size=_count(at(table, OWN, "steps")),
            tasks=_count(at(card, "data", "counts", "test", "tasks")),
            conduct=_conduct(card),
        )


def headline(card: Mapping[str, Any]) -> tuple[Any, ...]:
    own = record(card, "metrics", "steps", OWN)
    return tuple(own.get(name) for name in HEADLINE)


def _conduct(card: Mapping[str, Any]) -> tuple[Conduct, ...]:
    heads = record(card, "metrics", "social")
    return tuple(
        Conduct(axis, {**numbers, "auroc_95": _between(numbers.get("auroc_95"))})
        for axis, numbers in heads.items()
        if isinstance(numbers, Mapping)
    )


def _between(ends: Any) -> str | None:
    """An interval as text; None for whatever else is there."""
    if not isinstance(ends, list | tuple) or len(ends) != 2:
        return None
    known = all(isinstance(end, int | float) for end in ends)
    return " – ".join(f"{end:.3f}" for end in ends) if known else None


def _value_rows(
    card: Mapping[str, Any], other: Mapping[str, Any], width: int
) -> Iterator[Row]:
    """The value head has no baselines: their cells stay empty."""
    beside = record(other, "metrics", "value")
    for name, number in _numbers(record(card, "metrics", "value")):
        yield Row(f"value {name}", number, (None,) * width, beside.get(name))


def _numbers(metrics: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every number of a table, nested ones by both names, intervals as text; what the
    test set was made of is no metric, and what is told by part has a page."""
    for name, value in metrics.items():
        if name in SIZES or name.startswith("by_"):
            continue
        label = f"{before}{name}".replace("_95", ", 95 %").replace("_", " ")
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{label} ")
        elif isinstance(value, list):
            # anything but an interval is a drawing's, not a table's
            if (interval := _between(value)) is not None:
                yield label, interval
        else:
            yield label, value


def _facts(card: Mapping[str, Any]) -> tuple[Fact, ...]:
    fixed = [(name, at(card, *path)) for name, *path in _FACTS]
    # settings of a tier that wasn't chosen are tables of their own
    config = [
        (name, value)
        for name, value in record(card, "config").items()
        if not isinstance(value, Mapping)
    ]
    counts = _numbers(record(card, "data", "counts"))
    software = record(card, "software").items()
    rows = [*fixed, *_labels(card), *_heads(card), *config, *counts, *software]
    return tuple(Fact.of(name, value) for name, value in rows if value is not None)


def record(data: Any, *path: str) -> Mapping[str, Any]:
    """The table at a place of a card, empty where there is none: an imported card may
    say anything."""
    found = at(data, *path)
    return found if isinstance(found, Mapping) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) else None


def at(data: Any, *path: str) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data


def _labels(card: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Who judged the episodes it was made from."""
    kinds = record(card, "provenance").items()
    named = [f"{kind}: {n:,}" for kind, n in kinds if isinstance(n, int)]
    if named:
        yield "episodes judged by", ", ".join(named)


def _heads(card: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A head that was dropped, and why: without it there is no V_t."""
    for name, about in record(card, "heads").items():
        if isinstance(about, Mapping) and about.get("kept") is False:
            losses = about.get("held_out_loss"), about.get("base_rate_loss")
            if all(isinstance(loss, int | float) for loss in losses):
                found, least = losses
                yield (
                    f"{name} head",
                    f"dropped: loss {found:.3f}, base rate {least:.3f}",
                )
            else:
                yield f"{name} head", "dropped"
