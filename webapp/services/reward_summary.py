"""A project's rewards in numbers: a fixed number of queries, each an aggregation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import combinations
from math import sqrt
from typing import Any

from django.db.models import (
    Avg,
    Count,
    F,
    FloatField,
    Q,
    QuerySet,
    Sum,
)
from django.utils import timezone

from scoring import rewards
from webapp.models import Project, Score
from webapp.services import kept, reward_rows, reward_trends
from webapp.services.reward_rows import BINS, FAILED, SOLVED, By
from webapp.services.reward_trends import Trend

COLUMNS = (*rewards.FAMILIES, "total")
LENGTH = "episode__step_count"
# named apart from the fields, which an aggregate must not shadow
_MEASURES: dict[str, Any] = {
    "count": Count("pk"),
    "valid_count": Count("pk", filter=Q(valid=True)),
    **{f"{name}_mean": Avg(name) for name in COLUMNS},
}
# policies listed, and runs at either end
MOST = 20
ENDS = 10


@dataclass(frozen=True, slots=True)
class Histogram:
    """`edges` has one more entry than `counts`."""

    name: str
    mean: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Scores that have something in common, and their means."""

    name: str
    where: Mapping[str, Any]
    count: int
    valid: int
    means: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Summary:
    """`correlations` are Pearson's over valid scores, None where one doesn't vary;
    `abstained` counts the scores a family's missing source left without a total."""

    by: By
    count: int
    valid: int
    gated: int
    abstained: Mapping[str, int]
    histograms: tuple[Histogram, ...]
    policies: tuple[Group, ...]
    models: tuple[Group, ...]
    correlations: Mapping[tuple[str, str], float | None]
    trend: Trend
    rewarded_failures: tuple[Score, ...]
    charged_successes: tuple[Score, ...]
    at: datetime = field(default_factory=timezone.now)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, without the runs at either end."""
        pairs = self.correlations.items()
        return {
            "count": self.count,
            "valid": self.valid,
            "gated": self.gated,
            "abstained": dict(self.abstained),
            "histograms": [asdict(histogram) for histogram in self.histograms],
            "policies": [_plain(group) for group in self.policies],
            "models": [_plain(group) for group in self.models],
            "correlations": [{"of": list(pair), "r": r} for pair, r in pairs],
            "trend": self.trend.to_dict(),
        }


def recent(project: Project, by: By) -> Summary:
    """As `of`, a minute old at most where there is much to count."""
    key = f"reward-summary/{project.pk}/{by.spec.pk}/{by.model and by.model.pk}"
    return kept.for_a_minute(key, lambda: of(project, by), lambda found: found.count)


def of(project: Project, by: By) -> Summary:
    rows = reward_rows.of(project, by)
    whole = rows.aggregate(
        **_MEASURES,
        gated=Count("pk", filter=Q(gate__lt=0)),
        **{f"{n}_missing": Count("pk", filter=_missing(n)) for n in rewards.FAMILIES},
    )
    missing = {f"{n}_missing": whole[f"{n}_missing"] for n in rewards.FAMILIES}
    ends = rows.select_related("episode").filter(valid=True)
    return Summary(
        by=by,
        count=whole["count"],
        valid=whole["valid_count"],
        gated=whole["gated"],
        abstained={reason: n for reason, n in missing.items() if n},
        histograms=_histograms(rows, by, whole),
        policies=_policies(rows),
        models=_models(project, by),
        correlations=_correlations(rows),
        trend=reward_trends.of(rows),
        rewarded_failures=tuple(ends.filter(FAILED).order_by("-total", "pk")[:ENDS]),
        charged_successes=tuple(ends.filter(SOLVED).order_by("total", "pk")[:ENDS]),
    )


def _missing(name: str) -> Q:
    return Q(valid=False, **{f"{name}__isnull": True})


def _histograms(
    rows: QuerySet[Score], by: By, whole: Mapping[str, Any]
) -> tuple[Histogram, ...]:
    found = []
    for name, span in reward_rows.spans(by.spec.to_spec()).items():
        known = rows.filter(**{f"{name}__isnull": False}).annotate(bin=span.bin(name))
        counted = known.values_list("bin").annotate(n=Count("pk"))
        counts = {int(index): n for index, n in counted}
        found.append(
            Histogram(
                name=name,
                mean=whole[f"{name}_mean"],
                edges=tuple(round(span.edge(i), 12) for i in range(BINS + 1)),
                counts=tuple(counts.get(i, 0) for i in range(BINS)),
            )
        )
    return tuple(found)


def _policies(rows: QuerySet[Score]) -> tuple[Group, ...]:
    """By who acted: agent and model as the runs name them."""
    by_policy = rows.values("episode__agent", "episode__model")
    return tuple(
        _group(
            " · ".join(filter(None, (row["episode__agent"], row["episode__model"]))),
            {"agent": row["episode__agent"], "policy": row["episode__model"]},
            row,
        )
        for row in by_policy.annotate(**_MEASURES).order_by(F("count").desc())[:MOST]
    )


def _models(project: Project, by: By) -> tuple[Group, ...]:
    """By the version of the reward model, under the same spec."""
    scored = Score.objects.filter(is_latest=True, spec=by.spec).order_by()
    rows = scored.filter(episode__project=project)
    # the databases disagree on where NULL stands
    newest_first = F("reward_model__version").desc(nulls_last=True)
    by_version = rows.values("reward_model__version").annotate(**_MEASURES)
    return tuple(
        _group(name := f"v{version}" if version else "", {"model": name or "none"}, row)
        for row in by_version.order_by(newest_first)[:MOST]
        for version in [row["reward_model__version"]]
    )


def _group(name: str, where: Mapping[str, Any], row: Mapping[str, Any]) -> Group:
    means = {column: row[f"{column}_mean"] for column in COLUMNS}
    return Group(name, where, row["count"], row["valid_count"], means)


def _plain(group: Group) -> dict[str, Any]:
    row = asdict(group)
    del row["where"]
    return row


def _correlations(rows: QuerySet[Score]) -> dict[tuple[str, str], float | None]:
    """Pearson's r of every pair from sums alone, which both databases can do."""
    names = {**dict.fromkeys(COLUMNS), LENGTH: None}
    sums = {f"s{i}": _sum(F(name)) for i, name in enumerate(names)}
    for (i, a), (j, b) in combinations(enumerate(names), 2):
        sums[f"p{i}_{j}"] = _sum(F(a) * F(b))
    sums |= {f"q{i}": _sum(F(name) * F(name)) for i, name in enumerate(names)}
    found = rows.filter(valid=True).aggregate(n=Count("pk"), **sums)
    labels = [name.rpartition("_")[2].replace("count", "length") for name in names]
    return {
        (labels[i], labels[j]): _pearson(found, i, j)
        for i, j in combinations(range(len(labels)), 2)
    }


def _sum(value: Any) -> Sum:
    # the length is a whole number, and its products with fractions are none
    return Sum(value, output_field=FloatField())


def _pearson(found: Mapping[str, Any], i: int, j: int) -> float | None:
    n = found["n"]
    if n < 3:
        return None
    variances = [found[f"q{k}"] - found[f"s{k}"] ** 2 / n for k in (i, j)]
    # what is left of equal numbers after subtracting sums is noise
    if min(variances) <= 1e-9 * n:
        return None
    shared = found[f"p{i}_{j}"] - found[f"s{i}"] * found[f"s{j}"] / n
    return float(shared / sqrt(variances[0] * variances[1]))
