"""The work of audits and evaluations, done where the language model is."""

from typing import Any

from scoring.errors import NotEnoughLabels
from scoring.prm.examples import Example
from webapp.models import Job, RewardModel, RewardSpec
from webapp.services import audits, labelled_files, snapshots
from workers import evaluating
from workers.evaluating import Ground
from workers.witness import Witness


def audit(job: Job) -> dict[str, Any]:
    """Measure the job's model on unseen tasks, then try to deceive it. Repeated after a
    crash it begins anew and ends in the same rows.

    Raises: as `evaluating.on_test` and `audits.run`.
    """
    model = _model(job)
    witness = Witness(job)
    evaluating.on_test(model, witness)
    audits.run(
        model,
        spec=RewardSpec.objects.get(pk=job.input["spec"]),
        predict=witness.of(model),
        plan=lambda total: witness.begin("audit", total),
    )
    return {"reward_model": model.pk, "failed": model.failed_bars}


def evaluate(job: Job) -> dict[str, Any]:
    """Measure the job's model on a file of labelled runs.

    Raises:
        Invalid: the file is gone, or holds no labelled run.
        UnknownFormat, UnreadableFile: as `formats.read`.
    """
    model = _model(job)
    found = labelled_files.read(job)
    kept = evaluating.on(
        model,
        _ground(model, found.runs),
        source=job.input["name"],
        witness=Witness(job),
    )
    return {
        "evaluation": kept.pk,
        "runs": len(found.runs),
        "unlabelled": found.unlabelled,
        "failed": found.failed,
    }


def _ground(model: RewardModel, runs: list[labelled_files.Run]) -> Ground:
    """Baselines learn from the model's own training tasks, as always; without labels in
    the project there is nothing to fit them to but the file."""
    test = [Example(run.episode, run.verdicts, run.success, "test") for run in runs]
    sources = [run.source for run in runs]
    try:
        rows = list(snapshots.examples(audits.snapshot_of(model)))
    except NotEnoughLabels:
        return Ground(test, test, test, sources)
    examples = [evaluating.as_example(row) for row in rows]
    train = [e for e in examples if e.split == "train"]
    calibration = [e for e in examples if e.split == "calibration"]
    return Ground(train, calibration, test, sources)


def _model(job: Job) -> RewardModel:
    rows = RewardModel.objects.select_related("project", "run__snapshot")
    return rows.get(pk=job.input["model"])
