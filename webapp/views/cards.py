"""A model's card as tables: its metrics beside the trivial baselines' and another
model's, and the facts of its making."""

from collections.abc import Iterator, Mapping, Sequence
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
    ("first-error threshold", "metrics", "threshold"),
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
        table = _at(card, "metrics", "steps") or {}
        names = tuple(name for name in table if name != OWN)
        beside = dict(_numbers(_at(other, "metrics", "steps", OWN) or {}))
        own = dict(_numbers(table.get(OWN) or {}))
        columns = [dict(_numbers(table[name] or {})) for name in names]
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
            size=_at(table, OWN, "steps"),
            tasks=_at(card, "data", "counts", "test", "tasks"),
            conduct=_conduct(card),
        )


def headline(card: Mapping[str, Any]) -> tuple[Any, ...]:
    own = _at(card, "metrics", "steps", OWN) or {}
    return tuple(own.get(name) for name in HEADLINE)


def _conduct(card: Mapping[str, Any]) -> tuple[Conduct, ...]:
    heads = _at(card, "metrics", "social") or {}
    return tuple(
        Conduct(axis, {**numbers, "auroc_95": _between(numbers.get("auroc_95"))})
        for axis, numbers in heads.items()
    )


def _between(ends: Sequence[float] | None) -> str | None:
    return " – ".join(f"{end:.3f}" for end in ends) if ends else None


def _value_rows(
    card: Mapping[str, Any], other: Mapping[str, Any], width: int
) -> Iterator[Row]:
    """The value head has no baselines: their cells stay empty."""
    beside = _at(other, "metrics", "value") or {}
    for name, number in _numbers(_at(card, "metrics", "value") or {}):
        yield Row(f"value {name}", number, (None,) * width, beside.get(name))


def _numbers(metrics: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every number of a table, nested ones by both names, intervals as text; what the
    test set was made of is no metric."""
    for name, value in metrics.items():
        if name in SIZES:
            continue
        label = f"{before}{name}".replace("_95", ", 95 %").replace("_", " ")
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{label} ")
        elif isinstance(value, list):
            yield label, _between(value)
        else:
            yield label, value


def _facts(card: Mapping[str, Any]) -> tuple[Fact, ...]:
    fixed = [(name, _at(card, *path)) for name, *path in _FACTS]
    config = (card.get("config") or {}).items()
    counts = _numbers(_at(card, "data", "counts") or {})
    software = (card.get("software") or {}).items()
    rows = [*fixed, *config, *counts, *software]
    return tuple(Fact.of(name, value) for name, value in rows if value is not None)


def _at(data: Any, *path: str) -> Any:
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data
