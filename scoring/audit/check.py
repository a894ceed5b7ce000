"""One line of an audit: what was measured, against which bar, and who failed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Status = Literal["pass", "fail", "undefined"]

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Check:
    """`value` is None where the runs at hand leave the statistic undefined; `cases` is
    how many it was measured on, `examples` the worst of them that fail. Only a `hard`
    check keeps a model from serving."""

    id: str
    title: str
    statistic: str
    value: float | None
    bar: str
    hard: bool
    status: Status
    cases: int
    examples: tuple[Mapping[str, Any], ...] = ()

    @property
    def number(self) -> int:
        return int("".join(filter(str.isdigit, self.id)))

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "examples": list(map(dict, self.examples))}


@dataclass(frozen=True, slots=True)
class Question:
    """What a check asks, before it is measured; the bar is an upper limit, or a lower
    one where `at_least`. `strict` excludes the limit itself."""

    id: str
    title: str
    statistic: str
    hard: bool
    limit: float
    at_least: bool = False
    strict: bool = False

    def of(self, part: str) -> "Question":
        """The same question of one part; `{}` stands for it."""
        id, statistic = self.id.format(part), self.statistic.format(part)
        return replace(self, id=id, statistic=statistic)

    def answered(
        self,
        value: float | None,
        cases: int,
        failing: Sequence[Mapping[str, Any]] = (),
        limit: float | None = None,
    ) -> Check:
        """`limit` replaces the question's own where the runs set the bar."""
        limit = self.limit if limit is None else limit
        holds = value is not None and self._holds(value, limit)
        status: Status = "undefined" if value is None else "pass" if holds else "fail"
        return Check(
            id=self.id,
            title=self.title,
            statistic=self.statistic,
            value=value,
            bar=f"{self._sign()} {limit:.3g}",
            hard=self.hard,
            status=status,
            cases=cases,
            examples=() if holds else tuple(failing[:EXAMPLES]),
        )

    def worst_of(self, measured: Mapping[str, float]) -> Check:
        """The worst value of many, each under the name of its case."""
        worst = min if self.at_least else max
        failing = sorted(
            ((v, k) for k, v in measured.items() if not self._holds(v, self.limit)),
            reverse=not self.at_least,
        )
        rows = [{"run": name, "value": value} for value, name in failing]
        value = worst(measured.values()) if measured else None
        return self.answered(value, len(measured), rows)

    def _holds(self, value: float, limit: float) -> bool:
        if value == limit:
            return not self.strict
        return value > limit if self.at_least else value < limit

    def _sign(self) -> str:
        if self.strict:
            return ">" if self.at_least else "<"
        return "≥" if self.at_least else "≤"
