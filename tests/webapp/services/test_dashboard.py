"""The dashboard's numbers, each of which names its rows."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from tests import factories
from webapp.models import Project, Score
from webapp.services import dashboard
from webapp.services.dashboard import Figure


@pytest.fixture
def busy(project: Project, alice: User, bob: User) -> Project:
    episode = factories.an_episode(project)
    factories.a_label(episode, alice, 1)
    factories.a_label(episode, alice, -1)
    factories.a_label(episode, bob, "unsure", step=1)
    factories.a_job(project)
    for total, final in ((0.5, 0.6), (-0.5, -0.6)):
        Score.objects.create(
            episode=episode,
            spec=project.spec,
            inputs_sha256=str(total),
            valid=True,
            total=total,
            final=final,
            body={},
        )
    return project


def figures(value: Any) -> list[Figure]:
    if isinstance(value, Figure):
        return [value]
    items = value.values() if isinstance(value, dict) else value
    nested = items if isinstance(value, dict | list | tuple) else []
    return [figure for item in nested for figure in figures(item)]


def test_the_numbers_count_what_there_is(busy: Project) -> None:
    found = dashboard.numbers(busy)

    assert (found["episodes"].value, found["labels"].value) == (1, 2)
    assert {name: f.value for name, f in found["labels_per_person"]} == {
        "alice": 2,
        "bob": 1,
    }
    assert {value: f.value for value, f in found["label_mix"]} == {-1: 1, "unsure": 1}
    assert dict(found["jobs"])["queued"].value == 1
    assert found["scores"]["final"]["mean"] == pytest.approx(0)
    assert sum(found["scores"]["final"]["counts"]) == 2


def test_every_number_is_the_count_of_the_rows_it_names(busy: Project) -> None:
    for figure in figures(dashboard.numbers(busy)):
        rows = apps.get_model("webapp", figure.model).objects.filter(**figure.where)
        assert rows.count() == figure.value, figure


def test_another_project_is_not_counted(busy: Project, charlie: User) -> None:
    found = dashboard.numbers(charlie.projects.get())

    assert (found["episodes"].value, found["label_mix"]) == (0, [])
    assert dashboard.numbers()["episodes"].value == 1


def test_the_queries_do_not_grow_with_the_rows(
    busy: Project, alice: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        factories.a_label(factories.an_episode(busy), alice)

    with django_assert_max_num_queries(11):
        dashboard.numbers(busy)
