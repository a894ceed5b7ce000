"""The admin: every table, its first page, and what may be changed there."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import factories
from webapp.models import LabelEvent, Project
from webapp.services import scores

TABLES = [
    model._meta.model_name for model in apps.get_app_config("webapp").get_models()
]


@pytest.fixture
def busy(alice: User) -> Project:
    """A project with a bit of everything."""
    project = factories.a_labelled_project(alice, tasks=4)
    episode = factories.an_episode(project, outcome={"success": True})
    factories.a_label(episode, alice, "unsure")
    scores.store(episode, spec="rlhf_t1")
    factories.a_job(project)
    factories.a_reward_model(project, "champion", card={})
    factories.a_token(alice, project)
    return project


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_read_and_searched(
    admin_client: Client, busy: Project, table: str
) -> None:
    at = f"/admin/webapp/{table}/"

    assert admin_client.get(at, {"q": "a"}).status_code == 200
    row = apps.get_model("webapp", table).objects.first()
    if row is not None:
        assert admin_client.get(f"{at}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize(
    "table", ["labelevent", "score", "rewardspec", "snapshot", "job"]
)
def test_facts_are_not_edited(admin_client: Client, busy: Project, table: str) -> None:
    options = admin.site.get_model_admin(apps.get_model("webapp", table))
    request = admin_client.get("/admin/").wsgi_request

    may = [
        options.has_add_permission(request),
        options.has_change_permission(request),
        options.has_delete_permission(request),
    ]
    assert may == [False, False, False]


def test_an_edited_guideline_is_another_version(
    admin_client: Client, project: Project
) -> None:
    at = f"/admin/webapp/project/{project.pk}/change/"
    members = {"membership_set-TOTAL_FORMS": 0, "membership_set-INITIAL_FORMS": 0}
    fields = {"slug": project.slug, "name": "New name", "gamma": 1}
    fields |= {"spec": project.spec.pk, "guideline": project.guideline, **members}

    for guideline in (project.guideline, "Be kind."):
        admin_client.post(at, fields | {"guideline": guideline})

    project.refresh_from_db()
    assert (project.guideline, project.guideline_version) == ("Be kind.", 2)


def test_every_number_of_the_dashboard_leads_to_its_rows(
    admin_client: Client, busy: Project
) -> None:
    page = admin_client.get("/admin/").content.decode()
    dashboard = page.split('class="dash"')[1].split('class="dash-end"')[0]
    links = set(re.findall(r'href="(/admin/webapp/[^"]+)"', dashboard))

    assert len(links) > 10
    for link in links:
        answer = admin_client.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, link


def test_the_label_mix_links_to_just_those_labels(
    admin_client: Client, busy: Project
) -> None:
    page = admin_client.get("/admin/")
    [wrong] = [row for row in page.context["label_mix"] if row["name"] == "✕ −1"]

    rows = admin_client.get(wrong["url"]).context["cl"].queryset

    assert (
        rows.count()
        == wrong["value"]
        == LabelEvent.objects.filter(value=-1, axis="verdict").count()
    )


def test_the_labelled_steps_link_to_just_those_labels(
    admin_client: Client, busy: Project, alice: User
) -> None:
    episode = factories.an_episode(busy)
    factories.a_label(episode, alice, 1)
    factories.a_label(episode, alice, None)
    factories.a_label(episode, alice, True, axis="harm", step=None)

    figure = admin_client.get("/admin/").context["labels"]
    rows = admin_client.get(figure["url"]).context["cl"].queryset

    assert rows.count() == figure["value"] > 0


def test_the_dashboard_costs_the_same_however_much_there_is(
    admin_client: Client,
    busy: Project,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(20):
        admin_client.get("/admin/")


def test_an_empty_house_has_a_dashboard_too(admin_client: Client) -> None:
    assert admin_client.get("/admin/").status_code == 200


def test_the_admin_is_for_staff(as_alice: Client) -> None:
    assert as_alice.get("/admin/", follow=False).status_code == 302
