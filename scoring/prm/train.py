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
from scoring.errors import NotEnoughLabels
from scoring.prm import breakdown, calibrate, evaluate, social, targets
from scoring.prm.augment import hard_negatives
from scoring.prm.backbone import Trunk
from scoring.prm.card import Model, save_model
from scoring.prm.config import Progress, TrainConfig
from scoring.prm.encode import Encoded, encode, template_hash
from scoring.prm.engine import predict
from scoring.prm.examples import (
    SPLITS,
    Example,
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
    model = _fitted(reads, trunk, config, checkpoints, report)
    model = _calibrated(model, _of(reads, "calibration"), report)
    metrics = _measured(model, reads, report)
    card = {
        **_provenance(examples, trunk, config),
        **tuned,
        "hard_negatives": Counter(e.episode.meta["planted"] for e in planted),
        "metrics": metrics,
        "heads": {name: _about(head) for name, head in model.heads.items()},
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
) -> Model:
    axes = _answered(reads)
    reads = _of(reads, "train")
    examples = [read.example for read in reads]
    states = (part for read in reads for part in read.states)
    basis = fit_basis(states, min(config.rank, trunk.width))
    projected = [[basis.project(part) for part in read.states] for read in reads]
    rows = {
        name: targets.rows(name, examples, projected, config.seed)
        for name in ("verdict", "value")
    }
    if not targets.two_sided(rows["verdict"]):
        raise NotEnoughLabels("no two kinds of judged step fit into the context")
    names = [name for name in rows if targets.two_sided(rows[name])]
    turns = dict.fromkeys(names, 1) | dict.fromkeys(axes, 1 + social.ROUNDS)
    recipes = {
        name: Recipe(len(CLASSES[name]), config.members, config.epochs, config.seed)
        for name in turns
    }
    total = sum(recipes[name].most_epochs * turns[name] for name in turns)
    heads, done = dict[str, Head](), 0
    for name, recipe in recipes.items():
        turn = partial(_turn, recipe, checkpoints / name, report, (done, total))
        heads[name] = (
            social.fitted(name, examples, projected, config.seed, turn)
            if name in axes
            else turn(rows[name], 0)
        )
        done += recipe.most_epochs * turns[name]
    report(Progress("heads", total, total))
    return Model(basis, heads, _limit(config, trunk))


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


def _limit(config: TrainConfig, trunk: Trunk) -> int:
    return min(config.max_tokens or trunk.context, trunk.context)


def _told(
    report: Callable[[Progress], None], before: int, total: int, head: str
) -> Report:
    def tell(done: int, loss: float, epoch: int) -> None:
        report(Progress("heads", before + done, total, loss, epoch, head))

    return tell


def _calibrated(
    model: Model, reads: Sequence[_Read], report: Callable[[Progress], None]
) -> Model:
    report(Progress("calibration", 0, len(reads)))
    projected = [[model.basis.project(part) for part in read.states] for read in reads]
    examples = [read.example for read in reads]
    heads, bars = dict[str, Head](), dict[str, float | None]()
    for name, head in model.heads.items():
        if name in AXES:
            sure = social.calibrated(name, head, examples, projected)
            if sure is not None:
                heads[name] = sure
                bars[name] = social.bar(name, sure, examples, projected)
            continue
        rows = targets.rows(name, examples, projected, seed=0)
        logits = head.logits(rows.vectors(head.query))
        scale = calibrate.temperature(logits, rows.target)
        heads[name] = replace(head, temperature=torch.tensor([scale]))
    report(Progress("calibration", len(reads), len(reads)))
    return replace(model, heads=heads, bars=bars)


def _measured(
    model: Model, reads: Sequence[_Read], report: Callable[[Progress], None]
) -> dict[str, Any]:
    """The card's table, from the very predictions the engine would give."""
    splits = {name: [r.example for r in _of(reads, name)] for name in SPLITS}
    held = [r for r in reads if r.example.split != "train"]
    predictions: dict[str, list[Prediction]] = {"calibration": [], "test": []}
    for done, read in enumerate(held):
        report(Progress("evaluation", done, len(held)))
        prediction = predict(read.states, read.encoded, model)
        predictions[read.example.split].append(prediction)
    table = evaluate.table(
        splits["train"], splits["calibration"], splits["test"], predictions
    )
    report(Progress("evaluation", len(held), len(held)))
    limit = evaluate.threshold(splits["calibration"], predictions["calibration"])
    return {
        "steps": table,
        "value": evaluate.value(splits["test"], predictions["test"]),
        "social": evaluate.social(splits["train"], splits["test"], predictions["test"]),
        "threshold": limit,
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


def _about(head: Head) -> dict[str, Any]:
    return {
        "members": len(head.weight),
        "temperature": round(float(head.temperature), 4),
        "penalty": head.penalty,
    }


def _of(reads: Sequence[_Read], name: str) -> list[_Read]:
    return [read for read in reads if read.example.split == name]


def _run_hash(examples: Sequence[Example], trunk: Trunk, config: TrainConfig) -> str:
    """Checkpoints are of one data set, trunk, template and config, or of no use."""
    parts = [data_hash(examples), trunk.sha256, template_hash(), config.to_dict()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]
