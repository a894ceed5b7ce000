"""Undoing a whole import."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from scoring.errors import Cancelled
from tests import factories
from webapp.errors import Conflict, Invalid
from webapp.models import Episode, Job, Project, Step
from webapp.services import episodes, jobs, labels, undos


@pytest.fixture
def job(project: Project) -> Job:
    """An import of four episodes that is over."""
    job = factories.a_job(project, state="done", result={"created": 4})
    runs = [factories.a_run() for _ in range(4)]
    episodes.create_many(project, runs, source_format="pacenote", job=job)
    return job


def undo(job: Job) -> dict[str, Any]:
    undoing = undos.start(job, user=None)
    assert undoing.claim()
    return undos.run(undoing)


def test_an_import_is_undone_and_nothing_else(project: Project, job: Job) -> None:
    other = factories.an_episode(project)

    assert undo(job) == {"deleted": 4, "kept": 0}
    assert list(project.episodes.all()) == [other]
    assert set(Step.objects.values_list("episode", flat=True)) == {other.pk}
    job.refresh_from_db()
    assert job.result == {"created": 4, "undone": {"deleted": 4, "kept": 0}}


def test_what_people_have_judged_is_kept_and_said_before(job: Job, bob: User) -> None:
    judged, taken_back, imported, _ = Episode.objects.filter(import_job=job)
    factories.a_label(judged, bob)
    factories.a_label(taken_back, bob, 1)
    factories.a_label(taken_back, bob, None)
    labels.import_verdicts(imported, user=bob, verdicts=[1])

    assert undos.outlook(job) == undos.Outlook(deleted=2, kept=2)
    assert undo(job) == {"deleted": 2, "kept": 2}
    assert set(job.episodes.all()) == {judged, taken_back}


def test_an_undone_import_can_be_imported_again(project: Project) -> None:
    run = factories.a_run()
    job = factories.a_job(project, state="done")
    episodes.create_many(project, [run], source_format="pacenote", job=job)
    undo(job)

    assert episodes.create_many(project, [run], source_format="pacenote") == (1, 0)


def test_undoing_twice_deletes_nothing_more(job: Job) -> None:
    undo(job)

    assert undo(job) == {"deleted": 0, "kept": 0}


def test_only_an_import_that_is_over_can_be_undone(project: Project) -> None:
    with pytest.raises(Conflict):
        undos.start(factories.a_job(project), user=None)
    with pytest.raises(Invalid):
        undos.start(factories.a_job(project, "train", state="done"), user=None)


def test_an_undo_that_is_cancelled_keeps_the_rest(job: Job, project: Project) -> None:
    wide = [factories.a_run(600) for _ in range(3)]
    episodes.create_many(project, wide, source_format="pacenote", job=job)
    undoing = undos.start(job, user=None)
    undoing.claim()
    jobs.cancel(undoing)

    with pytest.raises(Cancelled):
        undos.run(undoing)
    assert 0 < job.episodes.count() < 7
