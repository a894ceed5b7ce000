"""Audits and evaluations done in the device's process: with a real training before."""

import shutil
from typing import Any

import pytest

from scoring import arena, splits
from scoring.errors import Cancelled
from scoring.prm import train
from scoring.prm.config import Progress
from webapp.errors import Blocked
from webapp.models import Job, Project, RewardModel
from webapp.services import audits, evaluations, jobs, reward_models, training
from workers import ending, examining, fitting, trunk

pytestmark = pytest.mark.usefixtures("small")
QUICK = {"epochs": 5, "members": 2, "rank": 16}


MADE = dict[str, Any]()


def fitted(project: Project, *, anew: bool = False) -> RewardModel:
    """A model by a whole training run, its audit queued. One training serves all tests
    that don't ask for one `anew`: it is of the same runs and verdicts."""
    run = training.start(project, user=None, config=dict(QUICK))
    assert run.job.claim()
    if MADE and not anew:
        return training.finish(run, **MADE)
    ending.settle(run.job, fitting.fit)
    run.job.refresh_from_db()
    assert run.job.state == "done", run.job.error
    model = RewardModel.objects.get(run=run)
    MADE.update(sha256=model.sha256, card=model.card)
    return model


def audited(model: RewardModel) -> RewardModel:
    job = audits.request(model, user=None)
    assert job.claim()
    ending.settle(job, examining.audit)
    job.refresh_from_db()
    assert job.state == "done", job.error
    model.refresh_from_db()
    return model


def test_every_training_is_followed_by_an_audit(arena_project: Project) -> None:
    model = fitted(arena_project, anew=True)
    assert (model.audit_job.kind, model.audit_job.state) == ("audit", "queued")
    assert model.card["provenance"] == {"imported": 24}
    assert model.card["label_type"] == "correctness"

    audited(model)

    ids = {check["id"].split()[0] for check in model.audit["checks"]}
    every = {f"A{n}" for n in range(1, 17)} - {"A10"} | {"A3v"}
    assert ids == every
    results = evaluations.on_test(model).results
    said = results["steps"]["prm"]["steps"]
    assert said == evaluations.on_test(model).steps.count()
    assert said == sum(n for row in results["confusion"].values() for n in row.values())
    assert set(results["steps"]) > {"prm", "position", "length", "bag_of_words"}

    # done twice it ends in the same rows
    first = [check["value"] for check in model.audit["checks"]]
    steps = list(evaluations.on_test(model).steps.values_list("step", "q"))
    audited(model)
    assert [check["value"] for check in model.audit["checks"]] == first
    assert list(evaluations.on_test(model).steps.values_list("step", "q")) == steps
    assert model.evaluations.count() == 1


def test_a_cancelled_audit_keeps_nothing(arena_project: Project) -> None:
    model = fitted(arena_project)
    job = audits.request(model, user=None)
    job.claim()
    jobs.cancel(job)
    with pytest.raises(Cancelled):
        examining.audit(Job.objects.get(pk=job.pk))
    model.refresh_from_db()
    assert model.audit == {}


def by_position(run: arena.Run) -> list[int]:
    return [1 if step.index < 3 else -1 for step in run.episode.steps]


def test_a_model_trained_on_position_is_kept_from_serving(
    arena_project: Project, settings: Any
) -> None:
    runs = list(arena.generate(32, seed=8))
    sides = splits.by_group(run.episode.group() for run in runs)
    examples = [
        train.Example(
            run.episode, tuple(by_position(run)), None, sides[run.episode.group()]
        )
        for run in runs
    ]
    config = train.TrainConfig(epochs=30, members=2, rank=8)
    made = train.train(examples, trunk.load(), config, settings.DATA_DIR, ignore)
    bad = reward_models.add(arena_project, sha256=made.sha256, card=made.card)
    assert made.card["metrics"]["steps"]["prm"]["auroc"] > 0.85

    audited(bad)

    assert {"A16 position"} <= set(bad.failed_bars)
    with pytest.raises(Blocked, match="A16 position"):
        reward_models.promote(bad, user=None)


def ignore(progress: Progress) -> None:
    """Nobody watches."""


def test_a_champion_that_is_better_stands_in_the_way(arena_project: Project) -> None:
    champion = audited(fitted(arena_project))
    reward_models.promote(champion, user=None, override="the first one")
    champion.refresh_from_db()
    assert evaluations.on_test(champion).results["against"] is None

    run = training.start(arena_project, user=None, config={**QUICK, "rank": 2})
    run.job.claim()
    ending.settle(run.job, fitting.fit)
    rival = audited(RewardModel.objects.get(run=run))

    beside = evaluations.on_test(rival).results["against"]
    assert (beside["sha256"], rival.parent) == (champion.sha256, champion)
    assert beside["steps"] == evaluations.on_test(rival).steps.count()
    low, high = beside["interval"]
    assert low <= beside["difference"] <= high


def test_a_damaged_model_is_not_audited(arena_project: Project) -> None:
    model = fitted(arena_project)
    # the folder is named by its content: other tests use the whole one
    model.sha256 = "0" * 64
    shutil.copytree(RewardModel.objects.get(pk=model.pk).directory, model.directory)
    model.save()
    weights = model.directory / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    job = audits.request(model, user=None)
    job.claim()
    ending.settle(job, examining.audit)
    job.refresh_from_db()
    assert (job.state, "not the file" in job.error) == ("failed", True)
    shutil.rmtree(model.directory)
