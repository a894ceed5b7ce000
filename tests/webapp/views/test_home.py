"""The first page and making a project."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories
from webapp.models import Project


def test_an_empty_project_asks_for_episodes(as_alice: Client, project: Project) -> None:
    [card] = as_alice.get("/").context["cards"]

    assert (card.project, card.next) == (project, "upload")


def test_after_the_upload_come_labels_then_training(alice: User) -> None:
    project = factories.a_labelled_project(alice, tasks=20)
    client = Client()
    client.force_login(alice)

    [card] = client.get("/").context["cards"]

    assert (card.project, card.episodes, card.labelled_steps) == (project, 20, 60)
    assert card.next == "train"


def test_a_newer_model_than_the_champion_wants_a_look(
    as_alice: Client, alice: User
) -> None:
    project = factories.a_labelled_project(alice, tasks=20)
    factories.a_reward_model(project)

    [card] = [c for c in as_alice.get("/").context["cards"] if c.project == project]

    assert card.next == "promote"


@pytest.mark.parametrize(
    ("open_episodes", "said"), [(1, "Go on labelling"), (0, "Upload more episodes")]
)
def test_with_a_champion_it_goes_on_where_there_is_something_to_do(
    as_alice: Client, alice: User, open_episodes: int, said: str
) -> None:
    project = factories.a_labelled_project(alice, tasks=20)
    factories.a_reward_model(project, "champion")
    for _ in range(open_episodes):
        factories.an_episode(project)

    assert said in as_alice.get("/").content.decode()


def test_who_is_in_no_project_is_told_what_to_do(client: Client, db: None) -> None:
    client.force_login(factories.a_user())

    assert "no project yet" in client.get("/").content.decode()


def test_the_queries_do_not_grow_with_the_projects(
    as_alice: Client, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        factories.a_project(owner=alice)

    with django_assert_max_num_queries(4):
        as_alice.get("/")


def test_a_new_project_belongs_to_who_made_it(as_charlie: Client) -> None:
    answer = as_charlie.post("/projects/new/", {"name": "Robots"})

    assert answer.headers["Location"] == "/projects/robots/episodes/"
    assert as_charlie.get("/projects/robots/episodes/").status_code == 200


def test_strangers_see_nothing_of_a_project(
    as_charlie: Client, project: Project
) -> None:
    assert project.name not in as_charlie.get("/").content.decode()
    for page in ("episodes", "upload", "jobs", "training", "models", "exports"):
        answer = as_charlie.get(f"/projects/{project.slug}/{page}/")
        assert answer.status_code == 404, page


@pytest.mark.parametrize("name", ["", "Alice's help desk", "…"])
def test_a_name_that_cannot_be_is_refused(as_alice: Client, name: str) -> None:
    as_alice.post("/projects/new/", {"name": "Alice's help desk"})

    assert as_alice.post("/projects/new/", {"name": name}).status_code == 422


def test_everything_is_closed_to_the_unknown(client: Client, project: Project) -> None:
    for path in ("/", "/account/", f"/projects/{project.slug}/episodes/"):
        assert client.get(path).headers["Location"].startswith("/sign-in/?next=")


def test_a_browser_finds_an_icon_wherever_it_looks(client: Client) -> None:
    answer = client.get("/favicon.ico")

    assert answer.headers["Location"].endswith(".svg")
