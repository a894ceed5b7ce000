"""Train a process reward model: judged episodes in, a model folder with a card out.

Features of the frozen trunk are computed once and cached; the heads on top are fitted
in seconds. A training killed at any point and started again goes on where it was, and
the same seed and data give the same weights on a CPU.
"""

import hashlib
import json
import platform
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scoring.detection import AXES
from scoring.prm import breakdown, calibrate, evaluate, judges, social, targets
from scoring.prm.augment import hard_negatives
from scoring.prm.backbone import Trunk
from scoring.prm.card import Model, save_model
from scoring.prm.config import Progress, TrainConfig
from scoring.prm.encode import Encoded, encode, template_hash
from scoring.prm.engine import held_out, predict, predict_logits
from scoring.prm.examples import (
    SPLITS,
    Example,
    Split,
    check,
    counts,
    data_hash,
    label_type,
    split,
)
from scoring.prm.features import FeatureStore, extract, keys
from scoring.prm.fit import Recipe, Report, Rows, fit
from scoring.prm.heads import CLASSES, Head
from scoring.prm.readout import fit_basis
from scoring.schema import Prediction

__all__ = ["Example", "Progress", "TrainConfig", "Trained", "split", "train"]


@dataclass(frozen=True, slots=True)
class Trained:
    """Where the model is, its identity, and what the card says of it."""

    directory: Path
    sha256: str
    card: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Read:
    """An example, its tokens, and the trunk's states of its encoded steps."""

    example: Example
    encoded: Encoded
    states: list[Tensor]


def train(
    examples: Sequence[Example],
    trunk: Trunk,
    config: TrainConfig,
    workdir: Path,
    report: Callable[[Progress], None],
) -> Trained:
    """Train on the train split, calibrate on calibration, measure on test.

    `workdir` holds `features/` (shared by all trainings), `checkpoints/` (of unfinished
    ones) and `models/`. `report` is called often and may raise `Cancelled`.

    Raises:
        NotEnoughLabels: a split or a class is empty or too small.
    """
    check(examples)
    if config.threads:
        torch.set_num_threads(config.threads)
    started = time.monotonic()
    checkpoints = workdir / "checkpoints" / _run_hash(examples, trunk, config)
    planted = [*hard_negatives(examples, config.hard_negatives, config.seed)]
    taught = [*examples, *planted]
    trunk, tuned = _tuned(taught, trunk, config, checkpoints, report)
    reads = _features(taught, trunk, config, workdir, report)
    model, fitted = _fitted(reads, trunk, config, checkpoints, report)
    model = _calibrated(model, fitted, reads, report)
    metrics = _measured(model, fitted, reads, report)
    card = {
        **_provenance(examples, trunk, config),
        **tuned,
        "hard_negatives": Counter(e.episode.meta["planted"] for e in planted),
        "metrics": metrics,
        "heads": _about(model, fitted),
        "seconds": round(time.monotonic() - started, 1),
    }
    directory, sha256 = save_model(model, trunk, card, workdir / "models")
    shutil.rmtree(checkpoints, ignore_errors=True)
    return Trained(directory, sha256, card)


def _tuned(
    examples: Sequence[Example],
    trunk: Trunk,
    config: TrainConfig,
    checkpoints: Path,
    report: Callable[[Progress], None],
) -> tuple[Trunk, dict[str, Any]]:
    """The trunk the heads are to be fitted on, and what the card says of it."""
    if config.tier == "head":
        return trunk, {}
    from scoring.prm.tuning.loop import tune

    base = trunk.sha256
    trunk, told = tune(examples, trunk, config, checkpoints / "trunk", report)
    return trunk, {"tuning": {**told, "base": base}}


def _features(
    examples: Sequence[Example],
    trunk: Trunk,
    config: TrainConfig,
    workdir: Path,
    report: Callable[[Progress], None],
) -> list[_Read]:
    limit = _limit(config, trunk)
    encoded = [encode(e.episode, trunk.tokenizer, limit) for e in examples]
    total = sum(len(episode.token_ids) for episode in encoded)
    store = FeatureStore(workdir / "features")
    report(Progress("features", 0, total))
    extract(
        encoded, trunk, store, lambda done: report(Progress("features", done, total))
    )
    return [
        _Read(example, episode, list(store.read([*filter(None, keys(episode, trunk))])))
        for example, episode in zip(examples, encoded, strict=True)
    ]


def _fitted(
    reads: Sequence[_Read],
    trunk: Trunk,
    config: TrainConfig,
    checkpoints: Path,
    report: Callable[[Progress], None],
) -> tuple[Model, judges.Judges]:
    axes = _answered(reads)
    reads = _of(reads, "train")
    examples = [read.example for read in reads]
    states = [part for read in reads for part in read.states]
    basis = fit_basis(states, min(config.rank, trunk.width))
    projected = [[basis.project(part) for part in read.states] for read in reads]
    material = judges.Material(examples, [read.encoded for read in reads], projected)
    recipes = {axis: _recipe(axis, config) for axis in axes}
    turns = 1 + social.ROUNDS
    after = sum(recipe.most_epochs * turns for recipe in recipes.values())
    fitted = judges.fit(material, config, checkpoints, report, after)
    heads, done, total = dict(fitted.heads), fitted.epochs, fitted.epochs + after
    for axis, recipe in recipes.items():
        turn = partial(_turn, recipe, checkpoints / axis, report, (done, total))
        heads[axis] = social.fitted(axis, examples, projected, config.seed, turn)
        done += recipe.most_epochs * turns
    report(Progress("heads", total, total))
    model = Model(basis, heads, _limit(config, trunk), judges=fitted.judges)
    return model, fitted


def _recipe(name: str, config: TrainConfig) -> Recipe:
    return Recipe(len(CLASSES[name]), config.members, config.epochs, config.seed)


def _answered(reads: Sequence[_Read]) -> list[str]:
    """The axes people have answered often enough to learn them and to check."""
    sides = (("train", social.LEAST), ("calibration", social.LEAST_HELD))
    return [
        axis
        for axis in AXES
        if all(
            social.enough(axis, [read.example for read in _of(reads, side)], least)
            for side, least in sides
        )
    ]


def _turn(
    recipe: Recipe,
    checkpoints: Path,
    report: Callable[[Progress], None],
    place: tuple[int, int],
    rows: Rows,
    number: int,
) -> Head:
    """One fit of a head, the `number`th; `place`: epochs before its first, and all."""
    before, total = place
    told = _told(report, before + number * recipe.most_epochs, total, checkpoints.name)
    return fit(rows, recipe, checkpoints / str(number), told)


def _told(
    report: Callable[[Progress], None], before: int, total: int, head: str
) -> Report:
    def tell(done: int, loss: float | None, epoch: int) -> None:
        report(Progress("heads", before + done, total, loss, epoch, head))

    return tell


def _limit(config: TrainConfig, trunk: Trunk) -> int:
    return min(config.max_tokens or trunk.context, trunk.context)


def _calibrated(
    model: Model,
    fitted: judges.Judges,
    reads: Sequence[_Read],
    report: Callable[[Progress], None],
) -> Model:
    """Temperatures from the calibration tasks and, out of fold, the training tasks."""
    report(Progress("calibration", 0, len(reads)))
    held, train = _of(reads, "calibration"), _of(reads, "train")
    calm = {}
    for name, judge in model.judges.items():
        known = _judged_logits(name, train, fitted.held_out[name])
        seen = [predict_logits(r.states, r.encoded, model)[name] for r in held]
        scale = calibrate.temperature([known, _judged_logits(name, held, seen)])
        mixer = replace(judge.mixer, temperature=torch.tensor([scale]))
        calm[name] = replace(judge, mixer=mixer)
    model = _sure(replace(model, judges=calm), held)
    report(Progress("calibration", len(reads), len(reads)))
    return model


def _sure(model: Model, held: Sequence[_Read]) -> Model:
    """Social heads that know something, calibrated, and from where on they charge."""
    projected = [[model.basis.project(part) for part in read.states] for read in held]
    examples = [read.example for read in held]
    heads, bars = dict[str, Head](), dict[str, float | None]()
    for name, head in model.heads.items():
        if name not in AXES:
            heads[name] = head
            continue
        sure = social.calibrated(name, head, examples, projected)
        if sure is not None:
            heads[name] = sure
            bars[name] = social.bar(name, sure, examples, projected)
    return replace(model, heads=heads, bars=bars)


def _judged_logits(
    name: str, reads: Sequence[_Read], logits: Sequence[Tensor]
) -> calibrate.Scored:
    """The logits [S, K, C] and classes [S] of the steps that have a label."""
    rows = [
        (row if row.dim() == 2 else row[None], target)
        for read, part in zip(reads, logits, strict=True)
        for t, target, _ in targets.labels(name, read.example, len(part))
        for row in part[t : t + 1]
    ]
    if not rows:
        return calibrate.NOTHING
    return torch.stack([row for row, _ in rows]), torch.tensor([t for _, t in rows])


def _measured(
    model: Model,
    fitted: judges.Judges,
    reads: Sequence[_Read],
    report: Callable[[Progress], None],
) -> dict[str, Any]:
    """The card's table, from the very predictions the engine would give."""
    splits = {name: [r.example for r in _of(reads, name)] for name in SPLITS}
    held = [r for r in reads if r.example.split != "train"]
    predictions: dict[Split, list[Prediction]] = {"calibration": [], "test": []}
    predictions["train"] = [
        held_out(
            read.encoded, model, {n: rows[i] for n, rows in fitted.held_out.items()}
        )
        for i, read in enumerate(_of(reads, "train"))
    ]
    for done, read in enumerate(held):
        report(Progress("evaluation", done, len(held)))
        prediction = predict(read.states, read.encoded, model)
        predictions[read.example.split].append(prediction)
    report(Progress("evaluation", len(held), len(held)))
    limit = evaluate.threshold(splits, predictions)
    return {
        "steps": evaluate.table(splits, predictions),
        "value": evaluate.value(splits["test"], predictions["test"]),
        "social": evaluate.social(splits["train"], splits["test"], predictions["test"]),
        "threshold": limit,
        "first_error_odds": evaluate.odds(splits, predictions),
        "breakdown": breakdown.of_splits(splits, predictions, limit),
    }


def _provenance(
    examples: Sequence[Example], trunk: Trunk, config: TrainConfig
) -> dict[str, Any]:
    return {
        "data": {"sha256": data_hash(examples), "counts": counts(examples)},
        "backbone": {
            "sha256": trunk.sha256,
            "depth": trunk.depth,
            "arithmetic": trunk.arithmetic,
        },
        "template": template_hash(),
        "config": config.to_dict(),
        "label_type": label_type(examples),
        "provenance": Counter(example.provenance for example in examples),
        "software": {"torch": torch.__version__, "python": platform.python_version()},
    }


def _about(model: Model, fitted: judges.Judges) -> dict[str, Any]:
    return {
        name: {
            **about,
            **(
                {
                    "members": len(model.judges[name].mixer.bias),
                    "temperature": round(
                        float(model.judges[name].mixer.temperature), 4
                    ),
                }
                if name in model.judges
                else {}
            ),
        }
        for name, about in fitted.about.items()
    }


def _of(reads: Sequence[_Read], name: str) -> list[_Read]:
    return [read for read in reads if read.example.split == name]


def _run_hash(examples: Sequence[Example], trunk: Trunk, config: TrainConfig) -> str:
    """Checkpoints are of one data set, trunk, template and config, or of no use."""
    parts = [data_hash(examples), trunk.sha256, template_hash(), config.to_dict()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
