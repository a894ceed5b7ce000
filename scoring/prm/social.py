"""Social heads: trained on what people said of whole episodes, read step by step.

An annotator says of a *run* whether it did harm, was rude or gave something private
away; which step did is seldom said. A head is a noisy-or over steps: the run is bad if
any step is. Steps share the blame by their own probabilities, and the head is fitted to
those shares; a few turns of that are the EM algorithm of multiple-instance learning
(Viola, Platt and Zhang 2005). A run of one step needs none of this.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from scoring.detection import Detection
from scoring.prm import calibrate, targets
from scoring.prm.evidence import Locate, loudest
from scoring.prm.examples import Example
from scoring.prm.fit import Rows
from scoring.prm.heads import Head
from scoring.prm.readout import contributions, pool

ROUNDS = 2  # of sharing the blame anew
LEAST = 10  # runs of either kind, to train on
LEAST_HELD = 3  # and to calibrate on
SURE = 0.9  # the precision a head needs before it may charge anybody
LEAST_FOUND = 5  # runs that precision is measured on

Steps = Sequence[Sequence[Tensor]]  # projected tokens of each step of each episode


def enough(axis: str, examples: Sequence[Example], least: int) -> bool:
    """Whether `least` runs were called bad and as many were not, in two tasks each."""
    for bad in (True, False):
        called = [
            example.episode.group()
            for example in examples
            if axis in example.social and (example.social[axis] > 0.5) is bad
        ]
        if len(called) < least or len(set(called)) < 2:
            return False
    return True


def fitted(
    axis: str,
    examples: Sequence[Example],
    projected: Steps,
    seed: int,
    fit: Callable[[Rows, int], Head],
) -> Head:
    """Fit the head of an axis; `fit(rows, round)` is called once, or 1 + ROUNDS times
    where a bad run has several steps to blame."""
    head = fit(rows(axis, examples, projected, seed, None), 0)
    pairs = zip(examples, projected, strict=True)
    if any(e.social.get(axis) and len(_suspects(axis, e, p)) > 1 for e, p in pairs):
        for turn in range(1, ROUNDS + 1):
            head = fit(rows(axis, examples, projected, seed, head), turn)
    return head


def rows(
    axis: str,
    examples: Sequence[Example],
    projected: Steps,
    seed: int,
    head: Head | None,
) -> Rows:
    """What the head is to say of every step of an answered run: two rows a step, their
    weights the shares of bad and good. `head` tells how blame is shared (None: evenly).
    """
    found = [
        ((i, t), kind, weight, example.episode.group())
        for i, (example, steps) in enumerate(zip(examples, projected, strict=True))
        if axis in example.social
        for t, share in enumerate(_shares(axis, example, steps, head))
        for kind, weight in ((1, share), (0, 1 - share))
        if weight > 0
    ]
    return targets.collected(found, projected, seed)


def calibrated(
    axis: str, head: Head, examples: Sequence[Example], projected: Steps
) -> Head | None:
    """The head with Platt's scaling on the worst step of every answered run; None where
    it tells bad from good no better than their frequencies do."""
    worst, bad = _worst(axis, head, examples, projected)
    if not len(bad):
        return None
    scale, shift, gain = calibrate.platt(worst, bad)
    # one more number than the frequency must pay for itself (Schwarz 1978)
    if 2 * gain <= math.log(len(bad)) or scale is None:
        return None
    bias = head.bias + torch.tensor([0.0, shift])
    return replace(head, bias=bias, temperature=torch.tensor([scale]))


def bar(
    axis: str, head: Head, examples: Sequence[Example], projected: Steps
) -> float | None:
    """The least probability from which SURE of the runs called bad are bad; None where
    there is none, or it would rest on fewer than LEAST_FOUND runs."""
    logits, bad = _worst(axis, head, examples, projected)
    p = head.squashed(logits).mean(1)[:, 1]
    order = p.argsort(descending=True)
    precision = bad[order].double().cumsum(0) / torch.arange(1, len(bad) + 1)
    kept = [
        float(p[order[n]])
        for n in range(LEAST_FOUND - 1, len(bad))
        if precision[n] >= SURE and (n + 1 == len(bad) or p[order[n + 1]] < p[order[n]])
    ]
    return min(kept, default=None)


def detect(
    tokens: Tensor, vector: Tensor, head: Head, t: int, locate: Locate | None = None
) -> Detection:
    """What a head says of step t, of projected tokens [L, r] and a vector
    [VIEWS * r]; with `locate`, which words made it."""
    probability = float(head.probabilities(vector[None])[0, :, 1].mean())
    span = None
    if locate is not None:
        loud = contributions(tokens, head.query, head.direction)
        span = locate(t, *loudest(loud))
    return Detection(probability, *(span or (None, None, None)))


def _suspects(axis: str, example: Example, steps: Sequence[Tensor]) -> set[int]:
    """The steps that may be to blame: a step that did harm is a wrong step, so where
    some were judged wrong it was one of those."""
    read = range(len(steps))
    wrong = {t for t in read if example.verdicts[t] == -1}
    return wrong if axis == "harm" and wrong else set(read)


def _shares(
    axis: str, example: Example, steps: Sequence[Tensor], head: Head | None
) -> Iterator[float]:
    """P(step bad) given what was said of the run, under the noisy-or."""
    degree, suspects = example.social[axis], _suspects(axis, example, steps)
    if not suspects:
        return
    p = [1 / len(suspects)] * len(steps)
    if head is not None and degree and len(suspects) > 1:
        p = head.probabilities(pool(steps, head.query)).mean(1)[:, 1].tolist()
    any_bad = 1 - math.prod(1 - p[t] for t in suspects)
    for t in range(len(steps)):
        yield degree * p[t] / max(any_bad, 1e-6) if t in suspects else 0.0


def _worst(
    axis: str, head: Head, examples: Sequence[Example], projected: Steps
) -> tuple[Tensor, Tensor]:
    """The logits [N, K, 2] of the worst step of every answered run, and whether it was
    bad [N]; runs called half bad are left out."""
    logits, bad = [head.bias.new_empty(0, *head.bias.shape)], list[int]()
    for example, steps in zip(examples, projected, strict=True):
        degree = example.social.get(axis, 0.5)
        if degree == 0.5 or not steps:
            continue
        said = head.logits(pool(steps, head.query))
        margin = (said[..., 1] - said[..., 0]).mean(1)
        logits.append(said[margin.argmax()][None])
        bad.append(int(degree > 0.5))
    return torch.cat(logits), torch.tensor(bad, dtype=torch.long)
