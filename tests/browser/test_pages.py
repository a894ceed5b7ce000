"""The other pages in a real browser: no complaint of the console, none of axe."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import Desk
from tests.webapp.views.test_evaluations import RESULTS
from webapp.models import Project
from webapp.services import evaluations, scores, training
from webapp.services.evaluations import Said

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = (
    *("/", "/account/", "/projects/new/", "/formats/", "/nowhere/"),
    *("{p}/episodes/", "{p}/upload/", "{p}/jobs/", "{p}/training/", "{p}/models/"),
    *("{p}/exports/", "/episodes/{e}/", "/episodes/{e}/reward/", "/training-runs/{r}/"),
    *("{p}/rewards/", "{p}/rewards/episodes/", "{p}/specs/", "{p}/specs/default@1/"),
    *("{p}/specs/new/", "{p}/specs/tool_agent@1/diff/", "/episodes/{e}/what-if/"),
    *("/reward-models/{m}/", "/reward-models/{m}/promote/", "/jobs/{j}/"),
    *("{p}/models/import/", "/jobs/{waiting}/", "/jobs/{refused}/"),
    *("/reward-models/{m}/evaluation/", "/reward-models/{m}/compare/{o}/"),
    "/reward-models/{m}/evaluation/steps/?verdict=-1&predicted=1",
)


@pytest.fixture
def filled(owner: User) -> tuple[Project, dict[str, object]]:
    """A project with a row behind each page, and their keys."""
    project = factories.a_labelled_project(owner)
    episode = factories.an_episode(project, steps=8, outcome={"success": True})
    factories.a_label(episode, owner, -1, step=1)
    scores.store(episode, spec="rlhf_t1")
    run = training.start(project, user=owner)
    run.job.claim()
    for epoch in range(4):
        training.record_progress(run, phase="heads", epoch=epoch, loss=1 / (epoch + 1))
    card = {"metrics": {"steps": {"prm": {"auroc": 0.9}, "words": {"auroc": 0.7}}}}
    model = factories.a_reward_model(project, "champion", card=card)
    other = factories.a_reward_model(project, card=card)
    for one, guess in ((model, 1), (other, -1)):
        said = [Said(episode.pk, 1, -1, guess, 0.7, 0.1)]
        evaluations.keep(
            one, source="test", data_sha256="d" * 64, results=RESULTS, said=said
        )
    result = {
        "read": 2,
        "failed": 1,
        "errors": [{"line": 3, "detail": "expected text"}],
    }
    now = timezone.now()
    job = factories.a_job(
        project, state="done", result=result, started_at=now, finished_at=now
    )
    keys = {"p": f"/projects/{project.slug}", "e": episode.pk, "r": run.pk}
    waiting = factories.a_job(project, "adopt", error="another one has the device")
    refused = factories.a_job(project, "adopt", state="failed", error="no tokenizer")
    keys |= {"waiting": waiting.pk, "refused": refused.pk}
    return project, keys | {"m": model.pk, "o": other.pk, "j": job.pk}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_silent(
    desk: Desk, filled: tuple[Project, dict[str, object]], theme: str
) -> None:
    desk.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    found = {}
    for path in PAGES:
        page = desk.open(path.format(**filled[1]))
        violations = Axe().run(page).response["violations"]
        if violations:
            found[path] = [(v["id"], v["nodes"][0]["html"][:200]) for v in violations]

    assert not found, json.dumps(found, indent=1)
    # axe puts a style sheet of its own to the test, which the policy rightly refuses
    assert [c for c in desk.complaints if "axe" not in c] == []


def test_files_are_dropped_sent_and_become_jobs(desk: Desk, project: Project) -> None:
    page = desk.open(f"/projects/{project.slug}/upload/")
    body = json.dumps(factories.a_run().to_dict()).encode()
    files = [
        {"name": f"{n}.json", "mimeType": "application/json", "buffer": body}
        for n in ("a", "b")
    ]
    page.locator("#id_files").set_input_files(files)  # type: ignore[arg-type]
    expect(page.locator(".draft .chip.good")).to_have_count(2)

    page.get_by_role("button", name="Import").click()

    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()
    expect(page.locator(".note.success")).to_contain_text("2 of 2 files")
    assert project.jobs.count() == 2
    assert desk.complaints == []


def test_a_refused_file_is_explained_in_its_row_and_left_out(
    desk: Desk, project: Project
) -> None:
    page = desk.open(f"/projects/{project.slug}/upload/")
    file = {"name": "x.pkl", "mimeType": "application/json", "buffer": b"\x80\x04."}
    page.locator("#id_files").set_input_files([file])  # type: ignore[list-item]

    expect(page.locator(".draft .note.error")).to_contain_text("pickle")
    page.get_by_role("button", name="Remove").click()

    expect(page.locator(".draft")).to_have_count(0)
    assert not project.jobs.exists()


def test_a_running_job_moves_by_itself(desk: Desk, project: Project) -> None:
    job = factories.a_job(project, input={"filename": "runs.jsonl"})
    page = desk.open(f"/jobs/{job.pk}/")
    expect(page.locator(".chip").first).to_contain_text("queued")

    job.claim()
    job.finish("done", result={"read": 1, "created": 1})

    expect(page.locator(".chip").first).to_contain_text("done")
    expect(page.get_by_role("link", name="To the episodes")).to_be_visible()
    assert desk.complaints == []


def test_the_admin_works_under_its_policy(
    desk: Desk, filled: tuple[Project, dict[str, object]]
) -> None:
    page = desk.open("/admin/")
    expect(page.get_by_role("heading", name="Models that serve")).to_be_visible()
    page.locator(".dash a").first.click()

    expect(page.locator("#result_list")).to_be_visible()
    assert desk.complaints == []


def test_a_moved_slider_is_computed_and_can_become_a_version(
    desk: Desk, filled: tuple[Project, dict[str, object]]
) -> None:
    page = desk.open("/episodes/{e}/what-if/".format(**filled[1]))
    expect(page.locator("#ranking")).to_contain_text("Every promise")

    page.locator("#in-final").fill("0.1")

    expect(page.locator("#ranking")).to_contain_text("no longer beats every failure")
    expect(page.locator("#out-final")).to_contain_text("0.1")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.locator("#id_text")).to_have_value(re.compile("weight: 0.1\n.*sources"))
    assert desk.complaints == []


def test_a_spec_is_checked_while_it_is_typed(desk: Desk, project: Project) -> None:
    page = desk.open(f"/projects/{project.slug}/specs/new/")
    text = page.locator("#id_text")
    good = text.input_value()

    text.fill(good.replace("eta: 0.5", "eta: 7"))
    expect(page.get_by_role("alert")).to_contain_text("/components/process/eta")
    text.fill(good)
    expect(page.locator("#check")).to_contain_text("Every promise")

    page.get_by_role("button", name="Store this version").click()
    expect(page.locator(".note.success")).to_contain_text("is stored")
    assert desk.complaints == []


def test_a_cell_shows_its_formula_to_who_points_or_tabs(
    desk: Desk, project: Project, owner: User
) -> None:
    episode = factories.an_episode(project, outcome={"success": True})
    factories.a_label(episode, owner, 0.75, axis="preference", step=None)
    scores.store(episode, spec="rlhf_t1")
    page = desk.open(f"/episodes/{episode.pk}/reward/")
    cell = page.locator(".cell").first
    expect(cell.locator(".formula")).to_be_hidden()

    cell.focus()

    expect(cell.locator(".formula")).to_contain_text("1 × 0.5")
