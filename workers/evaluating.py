"""A reward model measured on labelled runs, beside baselines and the champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scoring.errors import ModelMismatch
from scoring.prm import answers, breakdown, evaluate, metrics
from scoring.prm.answers import Answer
from scoring.prm.examples import Example, Split, data_hash
from scoring.schema import Prediction
from webapp.models import Evaluation, RewardModel
from webapp.models.evaluation import TEST
from webapp.services import audits, evaluations, reward_models, snapshots
from webapp.services.evaluations import Said
from webapp.services.snapshots import Labelled
from workers.witness import Witness


@dataclass(frozen=True, slots=True)
class Ground:
    """What a model is measured on (`test`), and what its baselines and thresholds are
    fitted to."""

    train: list[Example]
    calibration: list[Example]
    test: list[Example]
    sources: list[str]

    @property
    def sha256(self) -> str:
        return data_hash(self.test)


def on_test(model: RewardModel, witness: Witness) -> Evaluation:
    """On the tasks of its own snapshot that it was not trained on.

    Raises:
        NotEnoughLabels, Invalid: see `audits.snapshot_of`, `snapshots.examples`.
        ModelMismatch: its files are damaged, or it answers nonsense.
        Cancelled: on request.
    """
    rows = list(snapshots.examples(audits.snapshot_of(model)))
    tested = [row for row in rows if row.split == "test"]
    ground = Ground(
        train=_side(rows, "train"),
        calibration=_side(rows, "calibration"),
        test=[as_example(row) for row in tested],
        sources=[row.source for row in tested],
    )
    return on(model, ground, source=TEST, witness=witness)


def on(
    model: RewardModel, ground: Ground, *, source: str, witness: Witness
) -> Evaluation:
    """On any labelled runs; the steps of those that the project holds are kept."""
    rival = _rival(model)
    runs = [*ground.calibration, *ground.test]
    witness.begin("evaluation", len(runs) * (2 if rival else 1))
    predictions = _predictions(model, ground, witness)
    said = answers.answers(ground.test, predictions["test"], ground.sources)
    results = {
        **_measured(ground, predictions, said),
        "confusion": answers.confusion(said),
        "best_of_n": answers.best_of_n(ground.test, predictions["test"]),
        "against": rival and _against(rival, ground, said, witness),
    }
    return evaluations.keep(
        model,
        source=source,
        data_sha256=ground.sha256,
        results=results,
        said=_rows(model, ground, said),
    )


def as_example(row: Labelled) -> Example:
    return Example(row.episode, row.verdicts, row.success, row.split)


def _side(rows: Sequence[Labelled], split: str) -> list[Example]:
    return [as_example(row) for row in rows if row.split == split]


def _rival(model: RewardModel) -> RewardModel | None:
    champion = reward_models.champion(model.project)
    return None if champion in (None, model) else champion


def _predictions(
    model: RewardModel, ground: Ground, witness: Witness
) -> dict[Split, list[Prediction]]:
    ask = witness.of(model)
    sides: dict[Split, Sequence[Example]] = {
        "calibration": ground.calibration,
        "test": ground.test,
    }
    return {name: ask([e.episode for e in side]) for name, side in sides.items()}


def _measured(
    ground: Ground,
    predictions: dict[Split, list[Prediction]],
    said: Sequence[Answer],
) -> dict[str, Any]:
    """What a card's `metrics` hold, and the slices by source."""
    sides: dict[Split, Sequence[Example]] = {
        "train": ground.train,
        "calibration": ground.calibration,
        "test": ground.test,
    }
    limit = evaluate.threshold(sides, predictions)
    parts = breakdown.of_splits(sides, predictions, limit)
    if parts is not None:
        parts["by"]["source"] = answers.by_source(said)
    return {
        "steps": evaluate.table(sides, predictions),
        "value": evaluate.value(ground.test, predictions["test"]),
        "threshold": limit,
        "breakdown": parts,
    }


def _against(
    rival: RewardModel, ground: Ground, said: Sequence[Answer], witness: Witness
) -> dict[str, Any] | None:
    """Both AUROCs and their difference, on the steps that neither was trained on; None
    where there are none, or the rival belongs to another backbone."""
    known = _tasks_trained_on(rival)
    fresh = [i for i, e in enumerate(ground.test) if e.episode.group() not in known]
    examples = [ground.test[i] for i in fresh]
    try:
        predictions = witness.of(rival)([e.episode for e in examples])
    except ModelMismatch:
        return None
    theirs = answers.answers(examples, predictions, [""] * len(examples))
    place = {run: i for i, run in enumerate(fresh)}
    their_q = {(a.run, a.step.index): a.q for a in theirs}
    pairs = [
        (a.verdict, a.q, their_q[place[a.run], a.step.index], a.group)
        for a in said
        if a.run in place and (place[a.run], a.step.index) in their_q
    ]
    return {"model": f"v{rival.version}", "sha256": rival.sha256, **compared(pairs)}


def compared(pairs: Sequence[tuple[int, float, float, str]]) -> dict[str, Any]:
    """Rows (verdict, q, the rival's q, task) to both AUROCs, their difference and its
    95 % interval, drawn by task; None where they are undefined."""
    y = [row[0] for row in pairs]
    ours, theirs = [row[1] for row in pairs], [row[2] for row in pairs]

    def difference(rows: Any) -> float | None:
        some = [pairs[i] for i in rows]
        labels = [row[0] for row in some]
        ours = metrics.auroc(labels, [row[1] for row in some])
        theirs = metrics.auroc(labels, [row[2] for row in some])
        return None if ours is None or theirs is None else ours - theirs

    groups = [row[3] for row in pairs]
    return {
        "steps": len(pairs),
        "auroc": metrics.auroc(y, ours) if pairs else None,
        "their_auroc": metrics.auroc(y, theirs) if pairs else None,
        "difference": difference(range(len(pairs))) if pairs else None,
        "interval": metrics.interval(groups, difference) if pairs else None,
    }


def _tasks_trained_on(model: RewardModel) -> set[str]:
    """The tasks its heads were fitted or calibrated on; none are known of an import."""
    if not hasattr(model, "run"):
        return set()
    splits = model.run.snapshot.splits
    seen = [pk for pk, side in splits.items() if side != "test"]
    rows = model.project.episodes.filter(pk__in=seen)
    return set(rows.values_list("group", flat=True))


def _rows(model: RewardModel, ground: Ground, said: Sequence[Answer]) -> list[Said]:
    hashes = [example.episode.content_hash() for example in ground.test]
    known = evaluations.stored(model.project, hashes)
    return [
        Said(known[hashes[a.run]], a.step.index, a.verdict, a.predicted, a.q, a.spread)
        for a in said
        if hashes[a.run] in known
    ]
