"""Lists ask the database as often for many rows as for few."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.webapp.views.conftest import signed_in
from webapp.models import Episode, Job, Project
from webapp.services import episodes, images

PAGES = (
    "/projects/{slug}/episodes/",
    "/projects/{slug}/episodes/?job={job}",
    "/projects/{slug}/jobs/",
    "/projects/{slug}/exports/",
    "/api/v1/episodes/?project={slug}",
    "/api/v1/episodes/?project={slug}&labelled=true",
    "/api/v1/episodes/?project={slug}&import_job={job}",
    "/api/v1/jobs/?project={slug}",
    "/episodes/{episode}/",
    "/episodes/{episode}/steps/from/0/",
)


def grow(project: Project, user: User, job: Job, by: int) -> None:
    for _ in range(by):
        run = factories.a_run(4)
        episodes.create_many(project, [run], source_format="x", job=job)
        episode = project.episodes.get(content_hash=run.content_hash())
        factories.a_label(episode, user, 1, step=0)
        factories.a_job(project, state="done", created_by=user)
        factories.a_job(project, kind="export", state="done", created_by=user)
    first = project.episodes.earliest("created_at")
    images.add((first, images.Stored(f"{i:064x}", 1, "")) for i in names(first, by))


def names(episode: Episode, by: int) -> range:
    known = len(images.of(episode))
    return range(known, known + by)


def queries(browser: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert browser.get(address).status_code == 200, address
    return len(asked)


@pytest.mark.parametrize("page", PAGES)
def test_as_many_queries_for_many_rows_as_for_few(
    project: Project, alice: User, page: str
) -> None:
    browser, job = signed_in(alice), factories.a_job(project)
    grow(project, alice, job, by=2)
    first = project.episodes.earliest("created_at")
    address = page.format(slug=project.slug, job=job.pk, episode=first.pk)
    queries(browser, address)
    few = queries(browser, address)

    grow(project, alice, job, by=12)

    assert queries(browser, address) == few
