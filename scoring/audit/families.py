"""Does the ranking of successes over failures hang on one minor family?"""

from collections.abc import Iterator

from scoring.audit.check import Check, Question
from scoring.audit.trial import Scored, Trial
from scoring.rewards.margin import TOLERANCE

A14 = Question(
    "A14 {}",
    "Leave one family out",
    "successes not above all failures, no {}",
    True,
    0.0,
)

MINOR = ("process", "auxiliary", "social")


def checks(trial: Trial) -> Iterator[Check]:
    safe = [run for run in trial.runs if not run.score["gate"]["violations"]]
    solved = [run for run in safe if run.success is True and run.total is not None]
    failed = [run for run in safe if run.success is False and run.total is not None]
    for family in MINOR:
        question = A14.of(family)
        pairs = len(solved) * len(failed) if trial.spec.final.weight else 0
        if not pairs:
            yield question.answered(None, 0)
            continue
        best = max(_without(run, family) for run in failed)
        flipped = [
            {"run": run.episode.id, "value": _without(run, family)}
            for run in solved
            if _without(run, family) <= best + TOLERANCE
        ]
        yield question.answered(float(len(flipped)), pairs, flipped)


def _without(run: Scored, family: str) -> float:
    weighted: float = run.score["families"][family]["weighted"]
    return (run.total or 0.0) - weighted
