"""Does the model say more than where a step stands and how long it is?"""

from collections.abc import Callable, Iterator

import numpy as np

from scoring.audit.check import Check, Question
from scoring.audit.statistics import LEAST_STEPS, Floats, partial_spearman
from scoring.audit.trial import Scored, Trial
from scoring.schema import Step

# half of the rank variance that truth leaves would be .71; a quarter is .5
A16 = Question("A16 position", "Shortcuts", "|ρ(q, position)| given verdict", True, 0.5)
A16G = Question(
    "A16 {}", "Shortcuts", "AUROC beyond {}", True, 0.0, at_least=True, strict=True
)

CHEAP: dict[str, Callable[[Step], float]] = {
    "place alone": lambda step: step.index,
    "length alone": lambda step: (
        len(step.text) + len(step.thought) + sum(len(str(c)) for c in step.calls)
    ),
}


def checks(trial: Trial) -> Iterator[Check]:
    rows = [row for run in trial.runs for row in _rows(run)]
    q, wrong, *cheap = np.array(rows, float).reshape(-1, 2 + len(CHEAP)).T
    enough = len(q) >= LEAST_STEPS and 0 < wrong.sum() < len(wrong)
    rho = partial_spearman(q, cheap[0], wrong) if enough else None
    yield A16.answered(None if rho is None else abs(rho), len(q))
    for name, values in zip(CHEAP, cheap, strict=True):
        gain = auroc(wrong, -q) - _either(wrong, values) if enough else None
        yield A16G.of(name).answered(gain, len(q))


def auroc(positive: Floats, score: Floats) -> float:
    """P(a positive has the higher score), ties counting half."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    n = positive.sum()
    area = ranks[positive == 1].sum() - n * (n + 1) / 2
    return float(area / (n * (len(positive) - n)))


def _either(positive: Floats, score: Floats) -> float:
    """By its own lights: whichever direction works."""
    area = auroc(positive, score)
    return max(area, 1 - area)


def _rows(run: Scored) -> Iterator[tuple[float, ...]]:
    said = zip(run.episode.steps, run.prediction.q, run.verdicts, strict=True)
    for step, q, verdict in said:
        if q is not None and verdict is not None:
            yield q, verdict == -1, *(read(step) for read in CHEAP.values())
