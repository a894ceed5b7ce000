"""Reading an episode, in pieces where it is long."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tests.webapp.views import payloads
from webapp.models import Episode, Project
from webapp.services import scores
from webapp.templatetags.pacenote import PREVIEW

HTMX = {"HX-Request": "true"}


@pytest.fixture
def path(episode: Episode) -> str:
    return f"/episodes/{episode.pk}/"


def test_a_reader_sees_task_steps_calls_and_their_results(
    as_bob: Client, episode: Episode, path: str
) -> None:
    page = as_bob.get(path).content.decode()

    for text in (episode.task, "I need record 0.", "look_up", "found 1", "Step 1"):
        assert text in page, text


def test_the_page_opens_at_the_first_unlabelled_step(
    as_bob: Client, bob: User, episode: Episode, path: str
) -> None:
    factories.a_label(episode, bob, 1, step=0)

    assert as_bob.get(path).context["focus"] == 1
    assert as_bob.get(path + "?step=2").context["focus"] == 2


def test_every_verdict_has_a_glyph_and_a_text(
    as_bob: Client, bob: User, project: Project
) -> None:
    episode = factories.an_episode(project, steps=5)
    for index, value in enumerate((1, 0, -1, "unsure")):
        factories.a_label(episode, bob, value, step=index)

    page = as_bob.get(f"/episodes/{episode.pk}/").content.decode()

    for text in ("✓ +1", "○ 0", "✕ −1", "? unsure", "·"):
        assert f'<span class="verdict">{text}</span>' in page


def test_nobody_sees_what_others_said(
    as_bob: Client, alice: User, episode: Episode, path: str
) -> None:
    factories.a_label(episode, alice, -1, step=0)

    assert as_bob.get(path).context["verdicts"] == {}


def test_markup_in_any_text_is_shown_and_inert(
    as_alice: Client, alice: User, project: Project
) -> None:
    episode = payloads.poisoned(project)
    factories.a_label(episode, alice, payloads.EVERYTHING, axis="comment")
    factories.a_label(episode, alice, payloads.EVERYTHING, axis="bad_task", step=None)
    scores.store(episode, spec="rlhf_t1")

    for page in ("", "reward/", "delete/", "steps/from/0/"):
        html = as_alice.get(f"/episodes/{episode.pk}/{page}").content.decode()
        for tag in ("<script>window", "<img", "<h1>gone"):
            assert tag not in html, page
        assert "request.user.password }}" in html, page


def test_a_long_text_is_folded_and_fetched_whole_on_demand(
    as_bob: Client, project: Project
) -> None:
    whole = "word " * 1_000_000
    episode = payloads.stored(project, task="Read.", steps=[{"text": whole}])
    at = f"/episodes/{episode.pk}/"

    page = as_bob.get(at)
    text = as_bob.get(f"{at}steps/0/text/")

    assert len(page.content) < 20 * PREVIEW
    assert "5,000,000 characters" in page.content.decode()
    assert text.content.decode() == whole
    assert text.headers["Content-Type"].startswith("text/plain")


def test_a_long_task_and_error_are_there_in_full(
    as_bob: Client, project: Project
) -> None:
    task, error = "task " * 10_000, "error " * 10_000
    step = {"text": "x", "error": error}
    episode = payloads.stored(project, task=task, steps=[step])
    at = f"/episodes/{episode.pk}/"

    assert "Show all 50,000 characters" in as_bob.get(at).content.decode()
    assert as_bob.get(f"{at}texts/task/").content.decode() == task
    assert as_bob.get(f"{at}steps/0/error/").content.decode() == error


def test_the_parts_of_a_call_are_fetched_too(as_bob: Client, path: str) -> None:
    at = f"{path}steps/0/calls/0/"

    assert as_bob.get(f"{at}result/").content == b"found 0"
    assert (
        "&quot;record&quot;"
        in as_bob.get(f"{at}arguments/", headers=HTMX).content.decode()
    )


def test_only_the_steps_around_the_focus_come_whole(
    as_bob: Client, project: Project
) -> None:
    episode = factories.an_episode(project, steps=230)

    page = as_bob.get(f"/episodes/{episode.pk}/?step=120").content.decode()

    assert page.count('<article class="step') == 50
    assert page.count('class="placeholder"') == 4
    assert "Steps 1–50 load when you get here" in page
    assert page.count('class="rung"') == 230


def test_a_very_long_episode_is_read_in_parts(as_bob: Client, project: Project) -> None:
    episode = factories.an_episode(project, steps=20_000)

    first = as_bob.get(f"/episodes/{episode.pk}/").content.decode()
    last = as_bob.get(f"/episodes/{episode.pk}/?step=19999").content.decode()

    assert "Part 1 of 4: steps 1–5,000 of 20,000" in first
    assert "?step=5000" in first
    assert "Part 4 of 4" in last
    assert 'id="step-19999"' in last


def test_the_queries_do_not_grow_with_the_steps(
    as_bob: Client,
    project: Project,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    episode = factories.an_episode(project, steps=400)

    with django_assert_max_num_queries(8):
        as_bob.get(f"/episodes/{episode.pk}/")


def test_the_model_speaks_after_the_reader(
    as_bob: Client, bob: User, episode: Episode, path: str
) -> None:
    scores.store(episode, spec="rlhf_t1")
    before = as_bob.get(f"{path}steps/0/score/").content.decode()
    factories.a_label(episode, bob, 1, step=0)
    after = as_bob.get(f"{path}steps/0/score/", headers=HTMX).content.decode()

    assert "Hidden until you have labelled" in before
    assert "Hidden" not in after


@pytest.mark.parametrize(
    "rest",
    [
        *("steps/from/999/", "steps/999/text/", "steps/0/nothing/"),
        *("steps/0/calls/9/result/", "steps/0/calls/0/name/", "texts/meta/"),
    ],
)
def test_what_is_not_there_is_not_found(as_bob: Client, path: str, rest: str) -> None:
    assert as_bob.get(path + rest).status_code == 404


@pytest.mark.parametrize("step", ["-1", "x", "9" * 30, "1e3", "²"])
def test_a_step_that_cannot_be_opens_the_page_anyway(
    as_bob: Client, path: str, step: str
) -> None:
    assert as_bob.get(path, {"step": step}).status_code == 200


@pytest.mark.parametrize(
    "rest", ["", "steps/from/0/", "steps/0/text/", "steps/0/score/", "texts/task/"]
)
def test_strangers_read_nothing(as_charlie: Client, path: str, rest: str) -> None:
    assert as_charlie.get(path + rest).status_code == 404


def test_a_page_is_only_read(as_bob: Client, path: str) -> None:
    assert as_bob.post(path).status_code == 405
