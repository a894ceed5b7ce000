"""Who is chosen: best-of-N, preference pairs, KTO labels, examples for fine-tuning.

Works on Scores of one task's candidates. A Score without a total was abstained from:
it is never chosen, never rejected, never averaged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, log
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from scoring.rewards.margin import TOLERANCE
from scoring.rewards.spec import Spec

Score = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """Indices of the preferred and the dispreferred candidate."""

    chosen: int
    rejected: int


def best_of(
    scores: Sequence[Score], costs: Sequence[float] | None = None
) -> int | None:
    """Index of the highest total; ties go to the cheaper, then to the smaller id. None
    where every candidate was abstained from."""
    priced = costs or [0.0] * len(scores)
    ranked = [
        (-score["total"], cost, score["episode"], i)
        for i, (score, cost) in enumerate(zip(scores, priced, strict=True))
        if score["total"] is not None
    ]
    return min(ranked)[-1] if ranked else None


def expected_best_of(proxy: ArrayLike, gold: ArrayLike, n: int) -> float:
    """Unbiased mean gold reward of the best of n by proxy, from M >= n samples.

    sum over k of C(k - 1, n - 1) / C(M, n) * gold of the k-th lowest proxy.

    Raises:
        ValueError: n is not within 1..M.
    """
    order = np.argsort(np.asarray(proxy, np.float64), kind="stable")
    samples = len(order)
    if not 1 <= n <= samples:
        raise ValueError(f"n must lie in 1..{samples}, not {n}")
    chances = [comb(k, n - 1) / comb(samples, n) for k in range(samples)]
    return float(np.asarray(gold, np.float64)[order] @ np.array(chances))


def kl_of_best_of(n: int) -> float:
    """ln n - (n - 1) / n, in nats: an upper bound on the divergence from the policy."""
    return log(n) - (n - 1) / n


def dpo_pair(
    scores: Sequence[Score], lengths: Sequence[float], spec: Spec
) -> Pair | None:
    """The pair worth learning from, or None.

    Chosen is the highest total among ungated successes; rejected the candidate nearest
    to mean - 2 std, not the worst, since pairs of best and worst degrade as candidates
    grow (2502.16825). Their totals must differ by the spec's margin and their lengths
    (any unit) lie within its ratio.
    """
    known = [i for i, score in enumerate(scores) if score["total"] is not None]
    able = [i for i in known if _may_lead(scores[i], spec)]
    if len(known) < 2 or not able:
        return None
    totals = {i: float(scores[i]["total"]) for i in known}
    chosen = max(able, key=lambda i: (totals[i], -i))
    values = np.array(list(totals.values()))
    target = values.mean() - 2 * values.std(ddof=1)
    others = [i for i in known if i != chosen]
    rejected = min(others, key=lambda i: (abs(totals[i] - target), i))
    low, high = spec.dpo.length_ratio
    ratio = lengths[chosen] / max(lengths[rejected], TOLERANCE)
    far = totals[chosen] - totals[rejected] >= spec.dpo.margin - TOLERANCE
    return Pair(chosen, rejected) if far and low <= ratio <= high else None


def kto_label(score: Score, spec: Spec) -> Literal["desirable", "undesirable"] | None:
    """By the spec's thresholds, with tolerance: sums of decimals fall just short."""
    total = score["total"]
    if total is None:
        return None
    if total >= spec.kto.desirable - TOLERANCE:
        return "desirable"
    return "undesirable" if total <= spec.kto.undesirable + TOLERANCE else None


def kto_weights(desirable: int, undesirable: int) -> tuple[float, float]:
    """Weights (w_D, w_U) that bring w_D n_D : w_U n_U within 1:1 and 4:3, the smaller
    side raised (KTO, 2402.01306)."""
    if not desirable or not undesirable:
        return 1.0, 1.0
    ratio = desirable / undesirable
    if ratio < 1:
        return 1 / ratio, 1.0
    return 1.0, max(1.0, ratio * 3 / 4)


def fit_for_sft(score: Score, spec: Spec) -> bool:
    """Whether an episode may be imitated: solved, ungated, every step sound, no loop.

    A step nobody judged is no sound step.
    """
    rule, steps = spec.sft, score["steps"]
    if score["total"] is None or score["gate"]["penalty"] < 0:
        return False
    if any("loop" in step["flags"] for step in steps):
        return False
    if rule.min_final is not None and not _succeeds(score, rule.min_final):
        return False
    qs = [step["q"] for step in steps]
    return rule.min_q is None or all(q is not None and q >= rule.min_q for q in qs)


def _may_lead(score: Score, spec: Spec) -> bool:
    if score["gate"]["penalty"] < 0:
        return False
    return spec.dpo.min_final is None or _succeeds(score, spec.dpo.min_final)


def _succeeds(score: Score, least: float) -> bool:
    raw = score["families"]["final"]["raw"]
    return raw is not None and (raw + 1) / 2 >= least - TOLERANCE
