"""The what-if panel: a form whose every answer is computed and none is kept."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories
from webapp.models import Episode, Project, RewardSpec

HTMX = {"HX-Request": "true"}
TASK = "Refund order 7."


@pytest.fixture
def solved(project: Project) -> Episode:
    factories.an_episode(project, 2, task=TASK, outcome={"success": False})
    return factories.an_episode(project, 4, task=TASK, outcome={"success": True})


def at(episode: Episode, query: str = "") -> str:
    return f"/episodes/{episode.pk}/what-if/{query}"


def test_the_panel_starts_from_the_spec_of_the_project(
    as_bob: Client, solved: Episode
) -> None:
    page = as_bob.get(at(solved))

    assert [s.value for s in page.context["sliders"]] == [0.6, 0.2, 0.1, 0.1, 0.5]
    assert [run.now for run in page.context["runs"]] == [1, 2]
    assert "Save as a new version" not in page.content.decode()


def test_a_moved_slider_shows_the_margin_it_leaves(
    as_bob: Client, solved: Episode
) -> None:
    page = as_bob.get(at(solved, "?final=0.1"), headers=HTMX).content.decode()

    assert "success no longer beats every failure" in page
    assert '<output id="out-final" hx-swap-oob="true">0.1' in page
    assert "<html" not in page


@pytest.mark.parametrize("query", ["?final=nan", "?final=7", "?step=0&q=1", "?q=x"])
def test_what_makes_no_sense_changes_nothing(
    as_bob: Client, solved: Episode, query: str
) -> None:
    runs = as_bob.get(at(solved, query)).context["runs"]

    assert [run.change for run in runs] == [0, 0]


def test_a_step_can_be_judged_otherwise(as_bob: Client, solved: Episode) -> None:
    runs = as_bob.get(at(solved, "?step=2&q=0")).context["runs"]

    assert [run.change for run in runs] == [pytest.approx(-0.2), 0]


def test_what_was_tried_becomes_the_draft_of_a_version(
    as_alice: Client, project: Project
) -> None:
    query = "?from=default@1.0.0&final=0.5&eta=0.4&step=2&q=0"

    page = as_alice.get(f"/projects/{project.slug}/specs/new/{query}")

    changed = {c.pointer: c.after for c in page.context["changes"]}
    assert changed == {
        "/components/final/weight": 0.5,
        "/components/process/eta": 0.4,
    }
    assert not RewardSpec.objects.filter(name__startswith="alice").exists()


def test_strangers_try_nothing(as_charlie: Client, solved: Episode) -> None:
    assert as_charlie.get(at(solved)).status_code == 404


def test_the_queries_do_not_grow_with_the_runs(
    as_bob: Client,
    solved: Episode,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    as_bob.get(at(solved))
    for _ in range(6):
        factories.an_episode(solved.project, 3, task=TASK, outcome={"success": True})

    with django_assert_max_num_queries(16):
        as_bob.get(at(solved))
