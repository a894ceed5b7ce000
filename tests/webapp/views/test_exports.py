"""Exports: started, listed, fetched."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import factories
from webapp.models import Job, Project
from webapp.services import exports

FIELDS = {"format": "trl_stepwise", "policy": "stop"}


@pytest.fixture
def labelled(alice: User) -> Project:
    return factories.a_labelled_project(alice, tasks=4)


def test_an_export_is_made_and_fetched(as_alice: Client, labelled: Project) -> None:
    as_alice.post(f"/projects/{labelled.slug}/exports/", FIELDS)
    job = Job.objects.get()
    assert job.claim()
    job.finish("done", result=exports.run(job))

    page = as_alice.get(f"/projects/{labelled.slug}/exports/").content.decode()
    file = as_alice.get(f"/jobs/{job.pk}/file/")

    assert f"/jobs/{job.pk}/file/" in page
    assert len(b"".join(file.streaming_content).splitlines()) == 4
    assert "attachment" in file.headers["Content-Disposition"]


def test_a_waiting_export_is_asked_about(as_alice: Client, labelled: Project) -> None:
    exports.start(labelled, user=None, **FIELDS)

    rows = as_alice.get(
        f"/projects/{labelled.slug}/exports/", headers={"HX-Request": "true"}
    ).content.decode()

    assert 'hx-trigger="every 1s"' in rows
    assert "<html" not in rows


def test_a_file_that_is_not_there_is_not_found(
    as_alice: Client, labelled: Project
) -> None:
    job = exports.start(labelled, user=None, **FIELDS)

    assert as_alice.get(f"/jobs/{job.pk}/file/").status_code == 404


@pytest.mark.parametrize("fields", [{}, {**FIELDS, "format": "x"}])
def test_an_unknown_format_is_refused(
    as_alice: Client, labelled: Project, fields: dict[str, str]
) -> None:
    answer = as_alice.post(f"/projects/{labelled.slug}/exports/", fields)

    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_annotators_export_nothing(as_bob: Client, project: Project) -> None:
    path = f"/projects/{project.slug}/exports/"

    assert "An engineer of the project" in as_bob.get(path).content.decode()
    assert as_bob.post(path, FIELDS).status_code == 404


def test_strangers_fetch_nothing(as_charlie: Client, labelled: Project) -> None:
    job = exports.start(labelled, user=None, **FIELDS)

    assert as_charlie.get(f"/jobs/{job.pk}/file/").status_code == 404
