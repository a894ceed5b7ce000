"""The numeric core: from signals to a matrix of cells, for many episodes at once.

Every family's reward at a step is the increment of a bounded functional of the prefix,
r[t, c] = w[c] * (phi[c](t) - phi[c](t - 1)). Hence the cells of a column sum to
w[c] * phi[c](T - 1) whatever T is, a step that moves nothing costs nothing, and no
later step changes an earlier cell (the two terminal columns excepted).

All operations are elementwise or exact minima, so a row is bit-equal alone or in any
batch, in any order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from scoring.rewards.rules import Missing
from scoring.rewards.spec import Spec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FINAL, PROCESS, AUXILIARY, SOCIAL, GATE = range(5)


@dataclass(frozen=True, slots=True)
class Batch:
    """n episodes of N steps in all, laid end to end.

    lengths: [n], at least 1 each, summing to N.
    q: [N] P(step not wrong), NaN where nobody judged.
    auxiliary: [N] prefix values in [-1, 0].
    final: [n] f in [0, 1], NaN where unknown.
    preference: [n] P(preferred), NaN where unknown.
    tone: [n] ceiling in [-1, 1] on what preference earns, 1 where none is set.
    violation: [n] step index of the first violation, -1 for none.
    corrections: by episode, pairs (t, j): step t put step j right.
    """

    lengths: Ints
    q: Floats
    auxiliary: Floats
    final: Floats
    preference: Floats
    tone: Floats
    violation: Ints
    corrections: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cells:
    """`rewards` [N, 5] weighted, columns as spec.COLUMNS; `raw` [n, 5] the functionals
    at the end of each episode (the gate's in {0, -penalty}); `weighted` [n, 5] the
    column sums; `total` [n], NaN where a family abstains."""

    rewards: Floats
    raw: Floats
    weighted: Floats
    total: Floats


def fill(batch: Batch, spec: Spec) -> Cells:
    """Compute every cell. Totals come from the functionals, not from summing cells, so
    padding an episode leaves its total exactly as it was."""
    ends = np.cumsum(batch.lengths) - 1
    starts = ends - batch.lengths + 1
    place = np.arange(len(batch.q)) - np.repeat(starts, batch.lengths)
    weights = np.array([*spec.weights, 1.0])

    charges = step_charges(batch.q, spec.process.eta)
    if spec.process.aggregate == "last":
        process = carried(charges, np.isnan(batch.q), place)
    else:
        process = running_min(charges, place)
        for i, pairs in batch.corrections.items():
            own = slice(starts[i], ends[i] + 1)
            process[own] = recovered(charges[own], pairs, spec.process.recovery)
    auxiliary = running_min(batch.auxiliary, place)
    rewards = np.zeros((len(batch.q), 5))
    raw = np.empty((len(batch.lengths), 5))
    for column, phi in ((PROCESS, process), (AUXILIARY, auxiliary)):
        rewards[:, column] = weights[column] * increments(phi, starts)
        raw[:, column] = phi[ends]
    raw[:, FINAL] = _settle(2 * batch.final - 1, spec.final.missing)
    raw[:, SOCIAL] = np.minimum(
        _settle(2 * batch.preference - 1, spec.social.missing), batch.tone
    )
    violated = batch.violation >= 0
    raw[:, GATE] = np.where(violated, -spec.gate.penalty, 0.0)

    weighted = weights * raw
    rewards[ends, FINAL] = weighted[:, FINAL]
    rewards[ends, SOCIAL] = weighted[:, SOCIAL]
    rewards[(starts + batch.violation)[violated], GATE] = raw[violated, GATE]
    # + 0.0 turns the -0.0 of a zero weight into 0.0
    return Cells(rewards + 0.0, raw, weighted + 0.0, _sum_columns(weighted))


def step_charges(q: Floats, eta: float) -> Floats:
    """min(q, eta) / eta - 1 in [-1, 0], 0 where q is missing. [N] -> [N]."""
    return np.where(np.isnan(q), 0.0, np.minimum(q, eta) / eta - 1)


def carried(charges: Floats, missing: NDArray[np.bool_], place: Ints) -> Floats:
    """The newest known charge of each episode, 0 before there is one. [N] -> [N]."""
    here = np.arange(len(charges))
    known = np.maximum.accumulate(np.where(missing & (place > 0), 0, here))
    # an episode's own first step is known to be one, if only of nothing
    newest: Floats = charges[np.maximum(known, here - place)]
    return newest


def recovered(
    charges: Floats, corrections: Sequence[tuple[int, int]], share: float
) -> Floats:
    """The running minimum of one episode in which a correction (t, j) takes `share` off
    the charge of step j from step t on. [T] -> [T].

    Bounded, prefix-consistent and monotone in every q; erring and correcting never
    beats not erring while share <= 1/2.
    """
    corrected: dict[int, list[int]] = {}
    for later, earlier in corrections:
        corrected.setdefault(later, []).append(earlier)
    level: list[float] = charges.tolist()
    heap: list[tuple[float, int]] = []
    phi = np.empty_like(charges)
    for t, charge in enumerate(charges.tolist()):
        heappush(heap, (charge, t))
        for j in corrected.get(t, ()):
            level[j] *= 1 - share
            heappush(heap, (level[j], j))
        # entries from before a correction no longer say what their step costs
        while heap[0][0] != level[heap[0][1]]:
            heappop(heap)
        phi[t] = heap[0][0]
    return phi


def running_min(values: Floats, place: Ints) -> Floats:
    """The least value so far of each episode; `place` is each step's index in it.

    A segmented scan by doubling: after the pass of width w, every entry holds the
    minimum of itself and up to 2w - 1 steps before it.
    """
    least = values
    width, longest = 1, int(place.max(initial=0))
    while width <= longest:
        reached = np.minimum(least[width:], least[:-width])
        tail = np.where(place[width:] >= width, reached, least[width:])
        least = np.concatenate((least[:width], tail))
        width *= 2
    return least


def increments(phi: Floats, starts: Ints) -> Floats:
    """phi(t) - phi(t - 1), with phi before the first step = 0. [N] -> [N]."""
    before = np.empty_like(phi)
    before[1:] = phi[:-1]
    before[starts] = 0.0
    return phi - before


def _settle(values: Floats, missing: Missing) -> Floats:
    if missing == "abstain":
        return values
    return np.where(np.isnan(values), 0.0, values)


def _sum_columns(weighted: Floats) -> Floats:
    # spelled out: the order of a float sum must not depend on the batch
    final, process, auxiliary, social, gate = weighted.T
    total: Floats = final + process + auxiliary + social + gate + 0.0
    return total
