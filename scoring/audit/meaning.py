"""Does the model read what a step does, or how it sounds?"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from scoring.audit import edits
from scoring.audit.check import Check, Question
from scoring.audit.trial import Scored, Trial
from scoring.schema import Episode, Prediction

A3V = Question(
    "A3v", "Wrong ending, unseen outcome", "share of V that fall", False, 0.8, True
)
A4 = Question("A4 {}", "Logic corruption", "AUROC, {}", False, 0.8, True)
A5 = Question("A5 {}", "Style edits", "mean |Δq|, {}", True, 0.1)
A6 = Question("A6", "Unrelated output", "mean q", False, 0.0)

KINDS = ("number", "tool")
FAULTS = 2  # of a kind in one run


def checks(trial: Trial) -> Iterator[Check]:
    yield _wrong_ending(trial)
    yield from _corruption(trial)
    yield from _style(trial)
    yield _unrelated(trial)


def _wrong_ending(trial: Trial) -> Check:
    """V after a success's last step against V after a wrong one in its place."""
    solved = [run for run in trial.sample if run.success]
    spoiled = trial.again([edits.wrong_end(run.episode) for run in solved])
    pairs = [
        (run.prediction.value[-1], made.prediction.value[-1])
        for run, made in zip(solved, spoiled, strict=True)
    ]
    known = [(v, w) for v, w in pairs if v is not None and w is not None]
    falls = float(np.mean([w < v for v, w in known])) if known else None
    return A3V.answered(falls, len(known))


def _corruption(trial: Trial) -> Iterator[Check]:
    """A wrong number or tool in one call of a run, against the step as it was."""
    faulty = [
        (run, *fault)
        for run in trial.sample
        for kind in KINDS
        for fault in islice(_faults(run, kind), FAULTS)
    ]
    again = trial.again([episode for *_, episode in faulty])
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for (run, kind, step, _), made in zip(faulty, again, strict=True):
        before, after = run.prediction.q[step], made.prediction.q[step]
        if before is not None and after is not None:
            found[kind].append((before, after))
    for kind in KINDS:
        yield A4.of(kind).answered(_auroc(found[kind]), len(found[kind]))


def _style(trial: Trial) -> Iterator[Check]:
    """Every word of a run put differently, nothing it does changed."""
    for style, form in edits.STYLES:
        restyled = trial.again([edits.restyled(r.episode, form) for r in trial.sample])
        moved = {
            run.episode.id: _moved(run.prediction, made.prediction)
            for run, made in zip(trial.sample, restyled, strict=True)
        }
        known = {name: value for name, value in moved.items() if value is not None}
        mean = float(np.mean([*known.values()])) if known else None
        far = sorted(((v, k) for k, v in known.items() if v > A5.limit), reverse=True)
        rows = [{"run": name, "value": value} for value, name in far]
        yield A5.of(style).answered(mean, len(known), rows)


def _unrelated(trial: Trial) -> Check:
    """Steps that ignore the task, against the worst steps of genuine failures."""
    failures = [run for run in trial.runs if run.success is False]
    lowest = [min(q) for run in failures if (q := _known(run.prediction))]
    asked = [e for run in trial.sample for e in edits.unrelated(run.episode)]
    q = [value for made in trial.again(asked) for value in _known(made.prediction)]
    if not lowest or not q:
        return A6.answered(None, len(q))
    bar = float(np.quantile(lowest, 0.05))
    rows = [
        {"run": f"{episode.id}: {episode.steps[0].text[:60]}", "value": value}
        for value, episode in sorted(
            zip(q, asked, strict=False), key=lambda pair: -pair[0]
        )
    ]
    return A6.answered(float(np.mean(q)), len(q), rows, limit=bar)


def _faults(run: Scored, kind: str) -> Iterator[tuple[str, int, Episode]]:
    """In steps that nobody called wrong already."""
    for fault in edits.corrupted(run.episode, kind):
        if run.verdicts[fault[1]] != -1:
            yield fault


def _auroc(pairs: Sequence[tuple[float, float]]) -> float | None:
    """P(a step as it was has the higher q than a corrupted one), ties counting half."""
    if not pairs:
        return None
    before, after = np.array(pairs).T
    higher = before[:, None] > after[None, :]
    equal = before[:, None] == after[None, :]
    return float(np.mean(higher + 0.5 * equal))


def _moved(one: Prediction, other: Prediction) -> float | None:
    pairs = zip(one.q, other.q, strict=True)
    moves = [abs(p - q) for p, q in pairs if p is not None and q is not None]
    return float(np.mean(moves)) if moves else None


def _known(prediction: Prediction) -> list[float]:
    return [q for q in prediction.q if q is not None]
