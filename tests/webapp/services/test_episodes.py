"""Stored episodes."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from scoring import schema
from tests import factories
from webapp.models import LabelEvent, Project, Step
from webapp.services import episodes


def test_an_episode_comes_back_as_it_went_in(project: Project) -> None:
    run = factories.a_run(
        4,
        system="Be kind.",
        outcome={"success": False, "score": 0.25, "answer": "7", "reference": "8"},
        ended="truncated",
        meta={"nested": [1, {"é": None}]},
    )
    episodes.create_many(project, [run], source_format="pacenote")

    stored = project.episodes.get()
    assert stored.to_schema().to_dict() == {**run.to_dict(), "gamma": 1.0}
    assert (
        stored.content_hash == run.content_hash() == stored.to_schema().content_hash()
    )


HOSTILE = ["\\N", "\\.", "a\tb\r\nc\\", '"{},(', "é\u2028\U0001f600", "%s %(x)s", ""]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_means_something_to_a_database_comes_back_unchanged(
    project: Project, text: str
) -> None:
    call = {"name": "x", "arguments": {text: [text, None]}, "result": text}
    step = {"observation": text, "error": text, "agent": text, "calls": [call]}
    run = schema.Episode.from_dict({"task": "t", "steps": [step]})
    episodes.create_many(project, [run], source_format="x")

    [step_row] = project.episodes.get().steps.all()
    assert (step_row.observation, step_row.error, step_row.agent) == (text, text, text)
    assert step_row.calls[0]["arguments"] == {text: [text, None]}
    assert (step_row.tokens, step_row.reward, step_row.started_at) == (None, None, None)
    assert Step.objects.filter(tokens__isnull=True).exists()


def test_one_content_is_one_episode_even_within_a_file(project: Project) -> None:
    run = factories.a_run()

    assert episodes.create_many(project, [run, run], source_format="x") == (1, 1)
    assert episodes.create_many(project, [run], source_format="x") == (0, 1)
    assert Step.objects.count() == len(run.steps)


def test_two_projects_may_hold_the_same_content(project: Project) -> None:
    run = factories.a_run()
    for each in (project, factories.a_project()):
        assert episodes.create_many(each, [run], source_format="x") == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_parallel_imports_of_the_same_runs_add_nothing_twice() -> None:
    project = factories.a_project()
    runs = [factories.a_run() for _ in range(30)]

    def store(_: int) -> tuple[int, int]:
        counts = episodes.create_many(project, runs, source_format="x")
        connection.close()
        return counts

    with ThreadPoolExecutor(4) as pool:
        created = sum(counts[0] for counts in pool.map(store, range(4)))
    assert (created, project.episodes.count()) == (30, 30)
    assert Step.objects.count() == 90


@pytest.fixture
def several(project: Project, alice: User) -> Project:
    factories.an_episode(project, task="Find the blue kettle", agent="a")
    solved = factories.an_episode(project, agent="b", outcome={"success": True})
    factories.a_label(solved, alice, 1, step=0)
    factories.a_label(solved, factories.a_member(project), -1, step=0)
    factories.a_label(solved, alice, "unsure", step=2)
    undecided = factories.an_episode(project, outcome={"success": False})
    factories.a_label(undecided, alice, 1)
    factories.a_label(undecided, alice, None)
    return project


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 3),
        ({"text": "KETTLE"}, 1),
        ({"text": "run-"}, 3),
        ({"text": "%"}, 0),
        ({"text": "a\x00"}, 0),
        ({"success": True}, 1),
        ({"success": False}, 1),
        ({"agent": "a"}, 1),
        ({"source_format": "pacenote"}, 3),
        ({"source_format": "other"}, 0),
        ({"labelled": True}, 1),
        ({"labelled": False}, 2),
    ],
)
def test_episodes_are_filtered(
    several: Project, wanted: dict[str, Any], count: int
) -> None:
    assert episodes.listing(several, **wanted).count() == count


def test_labelled_steps_are_counted_once_each(several: Project) -> None:
    rows = episodes.listing(several)

    assert sorted(row.labelled_steps for row in rows) == [0, 0, 2]


def test_the_list_is_one_query_however_long(
    several: Project, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        [(str(row), row.labelled_steps) for row in episodes.listing(several)]


def test_a_deleted_episode_takes_its_labels_along(several: Project) -> None:
    for episode in several.episodes.all():
        episodes.delete(episode)

    assert not Step.objects.exists()
    assert not LabelEvent.objects.exists()
