"""The training page and a run's page."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories
from webapp.models import Project, TrainingRun
from webapp.services import training

HTMX = {"HX-Request": "true"}


@pytest.fixture
def labelled(alice: User) -> Project:
    return factories.a_labelled_project(alice, tasks=24)


@pytest.fixture
def run(labelled: Project, alice: User) -> TrainingRun:
    return training.start(labelled, user=alice)


def page_of(project: Project) -> str:
    return f"/projects/{project.slug}/training/"


def test_the_page_counts_what_there_is_to_learn_from(
    as_alice: Client, labelled: Project
) -> None:
    page = as_alice.get(page_of(labelled))

    assert page.context["labels"].verdicts == {"1": 36, "0": 24, "-1": 12}
    assert "<b>72</b> labelled steps of <b>24</b> tasks" in page.content.decode()


def test_train_starts_a_run(as_alice: Client, labelled: Project) -> None:
    answer = as_alice.post(page_of(labelled), {"seed": 7})

    run = TrainingRun.objects.get()
    assert answer.headers["Location"] == f"/training-runs/{run.pk}/"
    assert run.config == {"tier": "head", "seed": 7}


def test_the_epochs_of_a_run_can_be_bounded(
    as_alice: Client, labelled: Project
) -> None:
    as_alice.post(page_of(labelled), {"seed": 0, "epochs": 3})
    refused = as_alice.post(page_of(labelled), {"seed": 0, "epochs": 0})

    assert TrainingRun.objects.get().config["epochs"] == 3
    assert refused.status_code == 422


def test_mistakes_can_be_planted(as_alice: Client, labelled: Project) -> None:
    as_alice.post(page_of(labelled), {"seed": 0, "hard_negatives": "0.5"})
    refused = as_alice.post(page_of(labelled), {"seed": 0, "hard_negatives": "2"})

    assert TrainingRun.objects.get().config["hard_negatives"] == 0.5
    assert refused.status_code == 422


def test_too_few_labels_are_said_with_numbers(
    as_alice: Client, project: Project
) -> None:
    page = as_alice.post(page_of(project), {"seed": 0})

    assert page.status_code == 422
    assert "0 labelled steps of 0 tasks" in page.content.decode()
    assert not TrainingRun.objects.exists()


def test_a_run_shows_phase_progress_and_curve(
    as_alice: Client, run: TrainingRun
) -> None:
    run.job.claim()
    for epoch in range(3):
        training.record_progress(
            run, phase="heads", done=epoch, total=9, epoch=epoch, loss=1 / (epoch + 1)
        )

    page = as_alice.get(f"/training-runs/{run.pk}/", headers=HTMX).content.decode()

    for part in ("<polyline", "heads", "epoch 2", 'hx-trigger="every 1s"', "Cancel"):
        assert part in page, part
    assert "<html" not in page


def test_a_finished_run_leads_to_its_model(as_alice: Client, run: TrainingRun) -> None:
    run.job.claim()
    model = training.finish(run, sha256="a" * 64, card={})
    run.job.finish("done")

    page = as_alice.get(f"/training-runs/{run.pk}/").content.decode()

    assert f"/reward-models/{model.pk}/" in page
    assert "hx-get" not in page


def test_a_failed_run_shows_the_way_out(as_alice: Client, run: TrainingRun) -> None:
    run.job.claim()
    run.job.finish("failed", error="the disk is full")

    page = as_alice.get(f"/training-runs/{run.pk}/").content.decode()

    assert "the disk is full" in page
    assert "Train again" in page


def test_the_job_of_a_run_is_its_page(as_alice: Client, run: TrainingRun) -> None:
    answer = as_alice.get(f"/jobs/{run.job.pk}/")

    assert answer.headers["Location"] == f"/training-runs/{run.pk}/"


def test_the_queries_do_not_grow_with_the_runs(
    as_alice: Client,
    alice: User,
    labelled: Project,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for seed in range(5):
        training.start(labelled, user=alice, config={"seed": seed})

    with django_assert_max_num_queries(8):
        as_alice.get(page_of(labelled))


def test_annotators_do_not_train(as_bob: Client, project: Project) -> None:
    page = as_bob.get(page_of(project)).content.decode()

    assert "An engineer of the project" in page
    assert 'name="seed"' not in page
    assert as_bob.post(page_of(project), {"seed": 0}).status_code == 404


def test_strangers_see_no_run(as_charlie: Client, run: TrainingRun) -> None:
    assert as_charlie.get(f"/training-runs/{run.pk}/").status_code == 404


@pytest.mark.parametrize("seed", ["", "-1", "x", str(2**40)])
def test_a_seed_that_is_none_is_refused(
    as_alice: Client, labelled: Project, seed: str
) -> None:
    assert as_alice.post(page_of(labelled), {"seed": seed}).status_code == 422


def test_a_run_is_only_read(as_alice: Client, run: TrainingRun) -> None:
    assert as_alice.post(f"/training-runs/{run.pk}/").status_code == 405
