"""A model's answers one by one: whom it confuses with whom, and what choosing by it
brings. `breakdown` has what is told of all of them together."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.prm import metrics
from scoring.prm.examples import Example
from scoring.rewards.selection import expected_best_of, kl_of_best_of
from scoring.schema import VERDICTS, Prediction, Step

LEAST_RUNS = 2  # of a task, for best-of-N


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of a judged step. `probabilities` are over VERDICTS, `spread` is
    the members' standard deviation of q, `run` the place of its run among the runs."""

    run: int
    step: Step
    verdict: int
    probabilities: tuple[float, float, float]
    spread: float
    group: str
    source: str

    @property
    def q(self) -> float:
        return 1 - self.probabilities[0]

    @property
    def predicted(self) -> int:
        return VERDICTS[int(np.argmax(self.probabilities))]


def answers(
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    sources: Sequence[str],
) -> list[Answer]:
    """The judged steps that the model could read; `sources` names each run's origin."""
    return [
        Answer(
            run=run,
            step=step,
            verdict=verdict,
            probabilities=probabilities,
            spread=said.q_std[step.index] or 0.0,
            group=example.episode.group(),
            source=sources[run],
        )
        for run, (example, said) in enumerate(zip(examples, predictions, strict=True))
        for step, verdict in zip(example.episode.steps, example.verdicts, strict=True)
        if verdict is not None
        and (probabilities := said.verdicts[step.index]) is not None
    ]


def confusion(said: Iterable[Answer]) -> dict[str, dict[str, int]]:
    """counts[what people said][what the model says], all nine of them."""
    counts = Counter((a.verdict, a.predicted) for a in said)
    return {str(y): {str(p): counts[y, p] for p in VERDICTS} for y in VERDICTS}


def by_source(said: Iterable[Answer]) -> dict[str, dict[str, Any]]:
    """The slices of `breakdown`'s `by`, by where a run came from."""
    parts: dict[str, list[Answer]] = defaultdict(list)
    for answer in said:
        parts[answer.source].append(answer)
    return {name: _numbers(part) for name, part in sorted(parts.items())}


def _numbers(part: Sequence[Answer]) -> dict[str, Any]:
    y, q = [a.verdict for a in part], [a.q for a in part]
    return {
        "steps": len(part),
        "wrong": y.count(-1),
        "auroc": metrics.auroc(y, q),
        "accuracy": metrics.step_accuracy(y, [a.predicted for a in part]),
        "ece": metrics.ece(y, q),
    }


def best_of_n(
    examples: Sequence[Example], predictions: Sequence[Prediction]
) -> list[dict[str, Any]]:
    """Success of the best of n runs of a task by its lowest q, beside that of a run
    drawn at random and of an oracle; n = 1, 2, 4, … over the tasks with n runs or more.
    `kl` is in nats. Empty where no task has two runs with a known outcome."""
    tasks: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for example, said in zip(examples, predictions, strict=True):
        q = [value for value in said.q if value is not None]
        if example.success is not None and q:
            tasks[example.episode.group()].append((min(q), float(example.success)))
    rows, n = list[dict[str, Any]](), 1
    while some := [runs for runs in tasks.values() if len(runs) >= max(n, LEAST_RUNS)]:
        rows.append(_best_of(some, n))
        n *= 2
    return rows


def _best_of(tasks: Sequence[Sequence[tuple[float, float]]], n: int) -> dict[str, Any]:
    chosen, random, oracle = list[float](), list[float](), list[float]()
    for runs in tasks:
        proxy, gold = zip(*runs, strict=True)
        chosen.append(expected_best_of(proxy, gold, n))
        random.append(float(np.mean(gold)))
        oracle.append(expected_best_of(gold, gold, n))
    return {
        "n": n,
        "tasks": len(tasks),
        "kl": kl_of_best_of(n),
        "chosen": float(np.mean(chosen)),
        "random": float(np.mean(random)),
        "oracle": float(np.mean(oracle)),
    }
