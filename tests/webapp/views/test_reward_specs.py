"""The pages of reward specs: read, checked while typed, stored, compared, used."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from scoring import rewards
from scoring.rewards import texts
from tests import factories
from webapp.models import Job, Project, RewardSpec
from webapp.services import reward_specs, scores

HTMX = {"HX-Request": "true"}


def page_of(project: Project, rest: str = "") -> str:
    return f"/projects/{project.slug}/specs/{rest}"


def a_text(**values: object) -> str:
    """The default under a name of our own, some pointers changed (`__` for `/`)."""
    changed = {f"/{name.replace('__', '/')}": v for name, v in values.items()}
    return texts.write(
        rewards.edited(rewards.DEFAULT, {"/id": "reward/ours", **changed})
    )


def test_the_built_in_specs_are_listed_with_what_they_promise(
    as_bob: Client, project: Project
) -> None:
    page = as_bob.get(page_of(project)).content.decode()

    for spec in rewards.built_in():
        assert spec.sha256 in page
    assert "this project’s" in page


def test_a_spec_shows_its_margin_and_its_ranges(
    as_bob: Client, project: Project
) -> None:
    page = as_bob.get(page_of(project, "default@1.0.0/"))

    promises = page.context["promises"]
    assert (promises.dominance.value, promises.separation.value) == (0.7, 0.5)
    assert [(r.low, r.high) for r in promises.ranges] == [
        (0.2, 0.7),
        (-1.0, -0.5),
        (-3.2, -1.5),
    ]
    assert "New version from this" not in page.content.decode()


def test_a_new_version_is_stored_under_its_own_name(
    as_alice: Client, alice: User, project: Project
) -> None:
    answer = as_alice.post(page_of(project, "new/"), {"text": a_text()})

    row = RewardSpec.objects.get(name="ours")
    assert answer.headers["Location"] == page_of(project, "ours@1.0.0/")
    assert row.created_by == alice


def test_the_draft_of_a_built_in_spec_can_be_stored_as_it_is(
    as_alice: Client, project: Project
) -> None:
    page = as_alice.get(page_of(project, "new/?from=tool_agent@1"))
    text = page.context["form"].initial["text"]

    as_alice.post(page_of(project, "new/"), {"text": text})

    row = RewardSpec.objects.get(name__startswith="alice")
    assert rewards.changes(rewards.named("tool_agent@1"), row.to_spec()) == []
    assert reward_specs.successor(row, project).version == "2.0.0"


def test_typing_computes_the_promises_and_stores_nothing(
    as_alice: Client, project: Project
) -> None:
    data = {"text": a_text(components__final__weight=0.1)}

    page = as_alice.post(page_of(project, "new/"), data, headers=HTMX).content.decode()

    assert "success no longer beats every failure" in page
    assert "<html" not in page
    assert "/components/final/weight" in page
    assert not RewardSpec.objects.filter(name="ours").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (a_text().replace("eta: 0.5", "eta: 7"), "/components/process/eta: "),
        ("id: [", "line 1: "),
        ("gamma: <script>", "is a required property"),
    ],
)
def test_a_wrong_text_is_kept_and_explained_by_its_place(
    as_alice: Client, project: Project, text: str, said: str
) -> None:
    page = as_alice.post(page_of(project, "new/"), {"text": text})

    assert page.status_code == 422
    assert said in page.content.decode()
    assert page.context["form"]["text"].value() == text
    assert "<script>" not in page.content.decode()


def test_other_numbers_under_a_lesser_version_are_refused(
    as_alice: Client, project: Project
) -> None:
    for text in (a_text(), a_text(version="1.1.0", gamma=0.9)):
        page = as_alice.post(page_of(project, "new/"), {"text": text})

    assert "another major version: 2.0.0" in page.content.decode()


def test_two_specs_are_compared_number_by_number(
    as_bob: Client, project: Project
) -> None:
    page = as_bob.get(page_of(project, "tool_agent@1.0.0/diff/?with=default@1"))

    pointers = [change.pointer for change in page.context["changes"]]
    assert "/components/auxiliary/weight" in pointers
    assert "<s class" in page.content.decode()


def test_an_engineer_chooses_the_spec_and_scores_by_it(
    as_alice: Client, project: Project
) -> None:
    as_alice.post(page_of(project, "rlhf_t1@1.0.0/activate/"))
    answer = as_alice.post(page_of(project, "rlhf_t1@1.0.0/score/"))

    project.refresh_from_db()
    job = Job.objects.get(kind="score")
    assert project.spec.name == "rlhf_t1"
    assert job.input["spec"] == project.spec.sha256
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"


def test_a_spec_that_loses_a_promise_is_used_only_for_a_reason(
    as_alice: Client, alice: User, project: Project
) -> None:
    text = a_text(gate__penalty=0.5)
    row = reward_specs.create(texts.read(text), user=alice)
    at = page_of(project, f"{row}/")
    assert 'name="override" required' in as_alice.get(at).content.decode()

    refused = as_alice.post(f"{at}activate/", follow=True).content.decode()
    project.refresh_from_db()
    assert "does not promise separation" in refused
    assert project.spec != row

    as_alice.post(f"{at}activate/", {"override": "a pilot without users"})
    project.refresh_from_db()
    assert project.spec == row
    assert project.spec_override["by"] == "alice"
    assert "a pilot without users" in as_alice.get(at).content.decode()

    as_alice.post(page_of(project, "default@1/activate/"))
    project.refresh_from_db()
    assert project.spec_override == {}


@pytest.mark.parametrize("rest", ["new/", "default@1/activate/", "default@1/score/"])
def test_annotators_only_read(as_bob: Client, project: Project, rest: str) -> None:
    assert as_bob.post(page_of(project, rest)).status_code == 404


@pytest.mark.parametrize("rest", ["", "default@1/", "new/", "default@1/diff/"])
def test_strangers_see_no_spec_of_a_project(
    as_charlie: Client, project: Project, rest: str
) -> None:
    assert as_charlie.get(page_of(project, rest)).status_code == 404


@pytest.mark.parametrize("name", ["nobody", "default@9", "x" * 200])
def test_an_unknown_spec_is_a_missing_page(
    as_bob: Client, project: Project, name: str
) -> None:
    assert as_bob.get(page_of(project, f"{name}/")).status_code == 404


def test_the_list_costs_the_same_however_many_specs(
    as_alice: Client,
    alice: User,
    project: Project,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    as_alice.get(page_of(project))
    for n in range(5):
        spec = texts.read(a_text(id=f"reward/ours{n}"))
        reward_specs.create(spec, user=alice)

    with django_assert_max_num_queries(12):
        as_alice.get(page_of(project))


def test_scored_episodes_are_counted(as_bob: Client, project: Project) -> None:
    scores.store(factories.an_episode(project), spec="rlhf_t1")
    factories.an_episode(project)

    page = as_bob.get(page_of(project, "rlhf_t1@1.0.0/")).content.decode()

    assert "1 of 2 episodes is scored by it." in " ".join(page.split())
