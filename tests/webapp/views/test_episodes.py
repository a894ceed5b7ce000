"""The list of episodes."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories
from webapp.models import Episode, Project
from webapp.services import scores


@pytest.fixture
def path(project: Project) -> str:
    return f"/projects/{project.slug}/episodes/"


def listed(client: Client, path: str) -> set[str]:
    return {row.external_id for row in client.get(path).context["page"]}


def test_a_row_says_how_far_and_how_good(
    as_alice: Client, alice: User, episode: Episode, path: str
) -> None:
    factories.a_label(episode, alice, 1, step=0)
    scores.store(episode, spec="rlhf_t1")

    page = as_alice.get(path).content.decode()

    assert "1 / 3" in page
    assert f"/episodes/{episode.pk}/reward/" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"good", "bad", "open"}),
        ("?q=teapot", {"good"}),
        ("?success=true", {"good"}),
        ("?success=false", {"bad"}),
        ("?format=pacenote", {"good", "bad", "open"}),
        ("?labelled=true", {"bad"}),
        ("?labelled=false&success=true", {"good"}),
        ("?job=7d444840-9dc0-41f1-8a2c-0b8f5c6b1d11", {"good", "bad", "open"}),
        ("?page=99", {"good", "bad", "open"}),
    ],
)
def test_filters(
    as_alice: Client,
    alice: User,
    project: Project,
    path: str,
    query: str,
    found: set[str],
) -> None:
    factories.an_episode(project, id="good", task="A teapot", outcome={"success": True})
    bad = factories.an_episode(project, id="bad", outcome={"success": False})
    factories.an_episode(project, id="open")
    factories.a_label(bad, alice)

    assert listed(as_alice, path + query) == found


@pytest.mark.parametrize("query", ["?success=perhaps", "?format=nope", "?job=x"])
def test_a_filter_nobody_knows_filters_nothing(
    as_alice: Client, episode: Episode, path: str, query: str
) -> None:
    assert listed(as_alice, path + query) == {episode.external_id}


def test_the_queries_do_not_grow_with_the_rows(
    as_alice: Client,
    project: Project,
    path: str,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(12):
        factories.an_episode(project)

    with django_assert_max_num_queries(6):
        as_alice.get(path)


def test_a_list_reads_no_bodies(as_alice: Client, episode: Episode, path: str) -> None:
    [row] = as_alice.get(path).context["page"]

    assert {"system", "answer", "meta"} <= row.get_deferred_fields()


def test_an_owner_deletes_after_being_asked(as_alice: Client, episode: Episode) -> None:
    path = f"/episodes/{episode.pk}/delete/"
    assert "can’t be undone" in as_alice.get(path).content.decode()

    as_alice.post(path)

    assert not Episode.objects.exists()


def test_an_annotator_deletes_nothing(as_bob: Client, episode: Episode) -> None:
    assert as_bob.post(f"/episodes/{episode.pk}/delete/").status_code == 404
    assert Episode.objects.exists()


def test_a_list_is_only_read(as_alice: Client, path: str) -> None:
    assert as_alice.post(path).status_code == 405


def test_the_next_unlabelled_episode_is_the_next_one_down_then_the_top(
    as_alice: Client, alice: User, project: Project
) -> None:
    low, judged, high = (factories.an_episode(project) for _ in range(3))
    factories.a_label(judged, alice)

    for here, there in ((high, low), (low, high), (judged, low)):
        answer = as_alice.get(f"/episodes/{here.pk}/next/")
        assert answer.headers["Location"] == f"/episodes/{there.pk}/"


def test_after_the_last_unlabelled_episode_comes_the_list(
    as_alice: Client, episode: Episode, path: str
) -> None:
    answer = as_alice.get(f"/episodes/{episode.pk}/next/", follow=True)

    assert answer.redirect_chain[-1][0] == path
    assert "Every other episode has labels." in answer.content.decode()


def test_what_is_cut_says_so(as_alice: Client, project: Project, path: str) -> None:
    episode = factories.an_episode(project, task="word " * 60, id="")

    assert f"{('word ' * 60)[:99]}…</a>" in as_alice.get(path).content.decode()
    assert str(episode).endswith("…")
