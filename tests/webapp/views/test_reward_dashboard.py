"""The reward dashboard: every number leads to its episodes."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tests.webapp.services.test_reward_summary import a_score
from webapp.models import Project


@pytest.fixture
def scored(project: Project) -> Project:
    for i in range(8):
        episode = factories.an_episode(project, 3, agent="<b>&\" 'x")
        a_score(episode, 0.6 if i % 2 else -0.6, -0.02 * i)
    return project


def at(project: Project, rest: str = "") -> str:
    return f"/projects/{project.slug}/rewards/{rest}"


def test_every_bar_leads_to_as_many_episodes_as_it_counts(
    as_bob: Client, scored: Project
) -> None:
    page = as_bob.get(at(scored))

    for histogram, columns in page.context["histograms"]:
        found = [
            as_bob.get(at(scored, f"episodes/?{column.query}")).context["page"]
            for column in columns
        ]
        counts = [n for n in histogram.counts if n]
        assert [page.paginator.count for page in found] == counts


def test_a_policy_leads_to_its_episodes(as_bob: Client, scored: Project) -> None:
    a_score(factories.an_episode(scored, agent="other"), 0.6, 0.0)
    page = as_bob.get(at(scored))

    counts = {
        group.name: as_bob.get(at(scored, f"episodes/?{query}"))
        .context["page"]
        .paginator.count
        for group, query in page.context["policies"]
    }

    assert counts == {"<b>&\" 'x": 8, "other": 1}
    assert "<b>&" not in page.content.decode()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 8),
        ("?only=failed", 4),
        ("?only=gated", 0),
        ("?column=final&bin=0", 4),
        ("?column=id&bin=0", 8),
        ("?bin=x", 8),
        ("?agent=", 0),
    ],
)
def test_episodes_are_filtered(
    as_bob: Client, scored: Project, query: str, count: int
) -> None:
    page = as_bob.get(at(scored, f"episodes/{query}"))

    assert page.context["page"].paginator.count == count


def test_a_project_without_scores_says_what_to_do(
    as_bob: Client, project: Project
) -> None:
    page = as_bob.get(at(project)).content.decode()

    assert "Nothing is scored by these yet" in page


def test_a_divergence_is_said_aloud(as_bob: Client, project: Project) -> None:
    for i in range(60):
        episode = factories.an_episode(project)
        day = f"2026-01-0{1 + i // 10} 12:00Z"
        project.episodes.filter(pk=episode.pk).update(created_at=day)
        a_score(episode, 0.6 if i % 2 else -0.6, -0.2 if i < 30 else -0.1 - i / 1e4)

    page = as_bob.get(at(project)).content.decode()

    assert "Divergence:" in page
    assert "<polyline" in page


@pytest.mark.parametrize("rest", ["", "episodes/"])
def test_strangers_see_no_rewards(
    as_charlie: Client, scored: Project, rest: str
) -> None:
    assert as_charlie.get(at(scored, rest)).status_code == 404


@pytest.mark.parametrize("query", ["?spec=nobody", "?model=v99", "?spec=%00"])
def test_unknown_scores_are_a_missing_page(
    as_bob: Client, scored: Project, query: str
) -> None:
    assert as_bob.get(at(scored, query)).status_code == 404


def test_the_queries_do_not_grow_with_the_scores(
    as_bob: Client,
    scored: Project,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for i in range(20):
        a_score(factories.an_episode(scored, agent=f"agent-{i}"), 0.6, -0.1)

    with django_assert_max_num_queries(25):
        as_bob.get(at(scored))
    with django_assert_max_num_queries(8):
        as_bob.get(at(scored, "episodes/"))
