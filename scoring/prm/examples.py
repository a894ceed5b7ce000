"""What a reward model is trained on: judged episodes, split by task."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scoring.detection import AXES
from scoring.errors import NotEnoughLabels
from scoring.schema import Episode

Split = Literal["train", "calibration", "test"]
Provenance = Literal["human", "judge", "rollout", "imported", "adjudicated"]
SPLITS: tuple[Split, ...] = ("train", "calibration", "test")

MIN_TASKS = 2  # in training: fewer can't be cross-validated
MIN_STEPS = 2  # in training, of wrong steps and of others


@dataclass(frozen=True, slots=True)
class Example:
    """One episode with what was judged of it.

    `verdicts` has one entry a step, None where nobody judged: masked, never a 0.
    `success` None masks the value head. `social` is what people said of the run, by
    axis: 0 not bad at all, 1 bad; an axis that is left out is masked. `weights` (one a
    step, e.g. the reliability of the annotator; empty = all 1) multiply the loss of the
    step's verdict. `values` (one a step, None where unknown) estimate V after the step;
    training learns from them in place of the outcome. `provenance` is the verdicts'.
    """

    episode: Episode
    verdicts: tuple[int | None, ...]
    success: bool | None = None
    split: Split = "train"
    weights: tuple[float, ...] = ()
    social: Mapping[str, float] = field(default_factory=dict)
    values: tuple[float | None, ...] = ()
    provenance: Provenance = "human"

    def __post_init__(self) -> None:
        series = (self.verdicts, self.weights, self.values)
        if {len(row) for row in series if row} - {len(self.episode.steps)}:
            raise ValueError("verdicts, weights and values need one entry a step")
        if not all(v is None or 0 <= v <= 1 for v in self.values):
            raise ValueError("values are probabilities")
        if not all(0 < weight < math.inf for weight in self.weights):
            raise ValueError("weights are positive: a verdict of None masks a step")
        if not all(
            axis in AXES and 0 <= degree <= 1 for axis, degree in self.social.items()
        ):
            raise ValueError(f"expected degrees in [0, 1] of {', '.join(AXES)}")


def split(
    groups: Iterable[str],
    seed: int = 0,
    calibration: float = 0.15,
    test: float = 0.2,
) -> dict[str, Split]:
    """Assign whole tasks (`Episode.group()`) to splits, by hash: no order matters, no
    task is in two. Each split gets a task as soon as there are three."""
    ranked = sorted(set(groups), key=lambda group: _hash([seed, group]))
    tests, calibrations = (
        min(math.ceil(len(ranked) * share), len(ranked) // 3)
        for share in (test, calibration)
    )
    trains = len(ranked) - tests - calibrations
    sizes = zip(SPLITS, (trains, calibrations, tests), strict=True)
    names = [name for name, size in sizes for _ in range(size)]
    return dict(zip(ranked, names, strict=True))


def data_hash(examples: Sequence[Example]) -> str:
    """Identity of a training set: contents, verdicts, weights and splits, in order."""
    return _hash(
        [
            [
                e.episode.content_hash(),
                *(e.verdicts, e.success, e.split, e.weights),
                sorted(e.social.items()),
                *([e.values] if e.values else []),
                *([e.provenance] if e.provenance != "human" else []),
            ]
            for e in examples
        ]
    )


def label_type(examples: Sequence[Example]) -> Literal["correctness", "value"]:
    """What q will mean: `value` where every training verdict came from rollouts. Mixed
    with others it is read as correctness, the safe way."""
    judged = [
        e.provenance == "rollout"
        for e in examples
        if e.split == "train" and any(v is not None for v in e.verdicts)
    ]
    return "value" if judged and all(judged) else "correctness"


def counts(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    """Per split: episodes, tasks, steps by verdict, outcomes."""
    return {name: _count([e for e in examples if e.split == name]) for name in SPLITS}


def check(examples: Sequence[Example]) -> None:
    """Refuse a set no model can be fitted on or measured with.

    Raises:
        NotEnoughLabels: saying what is missing and where.
    """
    for name, count in counts(examples).items():
        if count["wrong"] + count["neutral"] + count["right"] == 0:
            raise NotEnoughLabels(
                f"the {name} split has no judged step: judge steps of more tasks"
            )
    train = counts(examples)["train"]
    if train["tasks"] < MIN_TASKS:
        raise NotEnoughLabels(
            "all training episodes share one task: judge steps of at least two"
        )
    for kind, number in (
        ("wrong (-1)", train["wrong"]),
        ("right or neutral (+1, 0)", train["right"] + train["neutral"]),
    ):
        if number < MIN_STEPS:
            raise NotEnoughLabels(
                f"{number} training steps are judged {kind}: at least {MIN_STEPS} are "
                "needed to tell wrong from right"
            )


def _count(examples: Sequence[Example]) -> dict[str, int]:
    verdicts = [verdict for example in examples for verdict in example.verdicts]
    judged = [e for e in examples if any(v is not None for v in e.verdicts)]
    return {
        "episodes": len(examples),
        "tasks": len({e.episode.group() for e in judged}),
        "wrong": verdicts.count(-1),
        "neutral": verdicts.count(0),
        "right": verdicts.count(1),
        "unjudged": verdicts.count(None),
        "succeeded": sum(e.success is True for e in examples),
        "failed": sum(e.success is False for e in examples),
        **{axis: sum(e.social.get(axis, 0) > 0.5 for e in examples) for axis in AXES},
    }


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
