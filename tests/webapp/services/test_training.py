"""Training runs: started once, told of while they go on, ended with one model."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from scoring.errors import Cancelled, InvalidInput, NotEnoughLabels
from tests import factories
from webapp.errors import Conflict
from webapp.models import Job, Project, TrainingRun
from webapp.services import jobs, training


@pytest.fixture
def labelled(alice: User) -> Project:
    return factories.a_labelled_project(alice)


@pytest.fixture
def run(labelled: Project, alice: User) -> TrainingRun:
    run = training.start(labelled, user=alice)
    assert run.job.claim()
    return run


def test_a_run_has_a_job_and_a_snapshot_of_the_labels(
    labelled: Project, alice: User
) -> None:
    run = training.start(labelled, user=alice, config={"seed": 3, "epochs": 10})

    assert (run.job.kind, run.job.state) == ("train", "queued")
    assert run.snapshot == labelled.snapshots.get()
    assert run.config == {"tier": "head", "seed": 3, "epochs": 10}


def test_the_same_key_is_the_same_run_though_labels_changed(
    labelled: Project, alice: User
) -> None:
    first = training.start(labelled, user=alice, key="k")
    factories.a_label(labelled.episodes.earliest("pk"), alice, 0)

    assert training.start(labelled, user=alice, key="k") == first
    with pytest.raises(Conflict):
        training.start(labelled, user=alice, key="k", config={"seed": 1})


def test_without_labels_nothing_is_queued(project: Project, alice: User) -> None:
    with pytest.raises(NotEnoughLabels):
        training.start(project, user=alice)

    assert not project.jobs.exists()


@pytest.mark.parametrize(
    "config",
    [
        *({"tier": "huge"}, {"seed": -1}, {"seed": True}, {"epochs": 0}, {"os": "rm"}),
        *({"hard_negatives": 1.5}, {"hard_negatives": "1"}),
        {"hard_negatives": float("nan")},
    ],
)
def test_settings_nobody_knows_are_refused(
    labelled: Project, alice: User, config: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        training.start(labelled, user=alice, config=config)

    assert str(refused.value.pointer).startswith("/config/")


def test_progress_and_curve_are_kept(run: TrainingRun) -> None:
    training.record_progress(run, phase="features", done=10, total=20, eta=3.5)
    training.record_progress(run, phase="heads", epoch=1, loss=0.9)
    training.record_progress(run, phase="heads", epoch=2, loss=0.7, validation_loss=0.8)

    run.refresh_from_db()
    assert run.job.progress["epoch"] == 2
    assert run.curve == [[1, 0.9, None], [2, 0.7, 0.8]]


def test_a_resumed_run_tells_its_epochs_once(run: TrainingRun) -> None:
    for epoch in (1, 2, 3, 2, 3, 4):
        training.record_progress(run, phase="heads", epoch=epoch, loss=1 / epoch)

    assert [point[0] for point in run.curve] == [1, 2, 3, 4]


def test_a_cancel_reaches_the_trainer_at_its_next_report(run: TrainingRun) -> None:
    jobs.cancel(run.job)

    with pytest.raises(Cancelled):
        training.record_progress(run, phase="heads")


def test_a_finished_run_has_one_candidate_however_often_it_ends(
    run: TrainingRun,
) -> None:
    first = training.finish(run, sha256="a" * 64, card={"metrics": {}})
    again = training.finish(
        TrainingRun.objects.get(pk=run.pk), sha256="a" * 64, card={}
    )

    assert first == again
    assert (first.version, first.state) == (1, "candidate")
    assert run.project.reward_models.count() == 1


def test_a_stale_trainer_makes_no_model(run: TrainingRun) -> None:
    Job.objects.filter(pk=run.job.pk).update(fence=run.job.fence + 1)

    with pytest.raises(Cancelled):
        training.finish(run, sha256="a" * 64, card={})
    assert not run.project.reward_models.exists()
