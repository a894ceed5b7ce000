"""Fitting everything that turns states, words and cues into verdicts and values.

A head that says no more than the base rates do, on tasks it was not fitted on, is
dropped: a value that knows nothing is worse than none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from scoring.errors import NotEnoughLabels
from scoring.prm import stack, targets
from scoring.prm.config import Progress, TrainConfig
from scoring.prm.encode import Encoded
from scoring.prm.examples import Example
from scoring.prm.fit import Pace, Recipe, Rows
from scoring.prm.heads import CLASSES, Head
from scoring.prm.mixing import Judge
from scoring.prm.words import counted

NAMES = ("verdict", "value")


@dataclass(frozen=True, slots=True)
class Material:
    """The training episodes: `projected[i]` are the tokens' states [L_t, r] of every
    scored step of example i."""

    examples: Sequence[Example]
    encoded: Sequence[Encoded]
    projected: Sequence[Sequence[Tensor]]


@dataclass(frozen=True, slots=True)
class Judges:
    """Heads and judges by name; `held_out` the logits [T, C] each training episode got
    while its task was left out; `epochs` the most it took; `about` how it went, for the
    card."""

    heads: Mapping[str, Head]
    judges: Mapping[str, Judge]
    held_out: Mapping[str, Sequence[Tensor]]
    epochs: int
    about: Mapping[str, Mapping[str, float | bool | str | None]] = field(
        default_factory=dict
    )


def fit(
    material: Material,
    config: TrainConfig,
    checkpoints: Path,
    report: Callable[[Progress], None],
    after: int,
) -> Judges:
    """Fit the verdict head and, where outcomes tell it anything, the value head.
    `after` epochs of other heads follow in the same phase.

    Raises:
        NotEnoughLabels: no two kinds of judged step in two tasks.
    """
    rows = {
        name: targets.rows(name, material.examples, material.projected, config.seed)
        for name in NAMES
    }
    if not targets.two_sided(rows["verdict"]):
        raise NotEnoughLabels("no two kinds of judged step fit into the context")
    rows = {name: rows[name] for name in NAMES if targets.two_sided(rows[name])}
    recipes = {
        name: Recipe(len(CLASSES[name]), config.members, config.epochs, config.seed)
        for name in rows
    }
    epochs = sum(stack.most_epochs(recipe) for recipe in recipes.values())
    pace = _pace(report, epochs, epochs + after, config)
    said = _opinions(rows, recipes, material, pace, checkpoints)
    cues = [cue_rows(encoded) for encoded in material.encoded]
    mixed = {
        name: stack.mixed(
            name, rows[name], said, cues, recipe, pace, checkpoints / name / "mixer"
        )
        for name, recipe in recipes.items()
    }
    return _assembled(said, mixed, epochs)


def cue_rows(encoded: Encoded) -> Tensor:
    """The cues of the scored steps: [T, N]."""
    from scoring.prm.cues import NAMES as CUES

    rows = [encoded.cues[t] for t in encoded.scored]
    return torch.tensor(rows) if rows else torch.empty(0, len(CUES))


def _opinions(
    rows: Mapping[str, Rows],
    recipes: Mapping[str, Recipe],
    material: Material,
    pace: Pace,
    checkpoints: Path,
) -> dict[str, stack.Opinion]:
    words = [
        [counted(tokens) for tokens in encoded.own_tokens()]
        for encoded in material.encoded
    ]
    said = {}
    for name, recipe in recipes.items():
        pace.head = name
        folder = checkpoints / name
        said[name] = stack.opinion(rows[name], words, recipe, pace, folder)
    return said


def _assembled(
    said: Mapping[str, stack.Opinion], mixed: Mapping[str, stack.Mixed], epochs: int
) -> Judges:
    kept = [n for n in mixed if n == "verdict" or mixed[n].loss < mixed[n].base_loss]
    return Judges(
        heads={name: said[name].head for name in kept},
        judges={name: Judge(said[name].words, mixed[name].mixer) for name in kept},
        held_out={name: mixed[name].logits for name in kept},
        epochs=epochs,
        about={
            name: {
                "kept": name in kept,
                "held_out_loss": round(fitted.loss, 4),
                "base_rate_loss": round(fitted.base_loss, 4),
                "mixer_penalty": fitted.penalty,
                "penalty": said[name].head.penalty,
                "attends": bool(said[name].head.query.any()),
            }
            for name, fitted in mixed.items()
        },
    )


def _pace(
    report: Callable[[Progress], None], most: int, total: int, config: TrainConfig
) -> Pace:
    def tell(done: int, loss: float | None, epoch: int) -> None:
        report(Progress("heads", min(done, most), total, loss, epoch, pace.head))

    pace = Pace(tell, config.epochs)
    return pace
