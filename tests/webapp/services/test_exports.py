"""Exports: what was judged, as a trainer reads it."""

import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth.models import User

from scoring.errors import Cancelled, InvalidInput
from tests import factories
from webapp.models import Job, Project
from webapp.services import exports, jobs, labels


def run(job: Job) -> dict[str, Any]:
    assert job.claim()
    result = exports.run(job)
    job.finish("done", result=result)
    job.refresh_from_db()
    return result


def written(job: Job) -> list[dict[str, Any]]:
    path = exports.file_of(job)
    assert path is not None
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def judged(project: Project, alice: User) -> Project:
    for verdicts in ([1, -1, 0], [1, 0, None], [None, 1, 1]):
        episode = factories.an_episode(project)
        labels.import_verdicts(episode, user=alice, verdicts=verdicts)
    factories.an_episode(project)
    return project


def test_steps_up_to_the_first_error_are_written(judged: Project, alice: User) -> None:
    job = exports.start(judged, user=alice, format="trl_stepwise")
    run(job)

    assert sorted(row["labels"] for row in written(job)) == [
        [True, False],
        [True, True],
    ]


def test_the_policy_decides_about_later_steps(judged: Project) -> None:
    job = exports.start(judged, user=None, format="trl_stepwise", policy="all_later")
    run(job)

    assert [True, False, False] in [row["labels"] for row in written(job)]


def test_the_manifest_says_what_is_in_the_file(judged: Project) -> None:
    job = exports.start(judged, user=None, format="trl_stepwise")
    manifest = run(job)

    path = exports.file_of(job)
    assert path is not None
    assert manifest["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (manifest["lines"], manifest["episodes"]) == (2, 3)
    assert (manifest["policy"], manifest["guideline_versions"]) == ("stop", [1])
    beside = path.with_name(f"{manifest['sha256']}.manifest.json")
    assert json.loads(beside.read_text()) == manifest


def test_the_same_labels_are_the_same_file(judged: Project, alice: User) -> None:
    first, again = (
        run(exports.start(judged, user=alice, format="trl_stepwise")) for _ in range(2)
    )
    factories.a_label(judged.episodes.earliest("pk"), alice, 0)
    other = run(exports.start(judged, user=alice, format="trl_stepwise"))

    assert first == again
    assert other["labels_sha256"] != first["labels_sha256"]


def test_bad_tasks_are_left_out(judged: Project, alice: User) -> None:
    for episode in judged.episodes.all():
        factories.a_label(episode, alice, "unreadable", step=None, axis="bad_task")

    assert run(exports.start(judged, user=alice, format="trl_stepwise"))["lines"] == 0


def test_there_is_no_file_before_the_job_is_done(judged: Project) -> None:
    job = exports.start(judged, user=None, format="trl_stepwise")

    assert exports.file_of(job) is None


def test_a_cancelled_export_leaves_no_draft(project: Project, alice: User) -> None:
    for _ in range(exports.REPORT_EVERY):
        factories.a_label(factories.an_episode(project), alice)
    job = exports.start(project, user=alice, format="trl_stepwise")
    job.claim()
    jobs.cancel(job)

    with pytest.raises(Cancelled):
        exports.run(job)
    assert exports.file_of(job) is None


@pytest.mark.parametrize(
    "wanted", [{"format": "csv"}, {"format": "trl_stepwise", "policy": "guess"}]
)
def test_unknown_formats_and_policies_are_refused(
    project: Project, wanted: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput):
        exports.start(project, user=None, **wanted)
