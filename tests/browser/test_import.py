"""A file on its way in, as a person sees it: dropped, looked at, imported, read."""

import json
import uuid
from base64 import b64encode
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Page, expect

from tests import factories
from tests.browser.conftest import Desk
from webapp.models import Job, Project
from webapp.services import imports

pytestmark = pytest.mark.browser

DROP = """text => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([text], "runs.jsonl"));
  return dropped;
}"""
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">'
    "<script>alert(2)</script></svg>"
)


def url_of(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{b64encode(data).decode()}"


def picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (300, 200), (29, 79, 145)).save(file, "PNG")
    return file.getvalue()


def drop(page: Page, *runs: dict[str, object]) -> None:
    text = "\n".join(map(json.dumps, runs))
    page.dispatch_event(
        "[data-drop]", "drop", {"dataTransfer": page.evaluate_handle(DROP, text)}
    )
    expect(page.locator(".draft .chip.good")).to_have_count(1)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="runs.jsonl")).to_be_visible()


def do(job: Job) -> None:
    """What a worker would do, while the page looks on."""
    assert job.claim()
    assert job.finish("done", result=imports.run(job))


def test_pictures_are_seen_and_nothing_in_them_runs(
    desk: Desk, project: Project
) -> None:
    said: list[str] = []
    desk.page.on(
        "dialog", lambda dialog: (said.append(dialog.message), dialog.accept())
    )
    page = desk.open(f"/projects/{project.slug}/upload/")
    shown = f"{url_of(picture(), 'image/svg+xml')} {url_of(SVG.encode(), 'image/png')}"
    drop(page, {"task": "Look.", "steps": [{"observation": shown, "text": "Blue."}]})
    do(project.jobs.get())

    page.get_by_role("link", name="To the episodes").click()
    page.get_by_role("link", name="Look.").click()

    image = page.locator(".pictures img")
    expect(image).to_have_count(1)
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("naturalWidth", 300)
    with page.expect_download() as download:
        page.get_by_role("link", name="no picture that can be shown").click()
    assert download.value.suggested_filename.endswith(".bin")
    page.goto(desk.url + str(image.get_attribute("src")))
    assert (said, desk.complaints) == ([], [])


def test_a_run_cut_anew_keeps_its_labels_and_tells_which_it_left(
    desk: Desk, project: Project, owner: User
) -> None:
    first, *_ = steps = [{"text": text} for text in ("Look.", "Found.", "Lost.")]
    run = {"id": "desk-1", "task": "Where is it?", "steps": steps}
    drop(desk.open(f"/projects/{project.slug}/upload/"), run)
    do(project.jobs.get())
    before = project.episodes.get()
    for index, value in enumerate((1, 1, -1)):
        factories.a_label(before, owner, value, step=index, event_id=uuid.uuid4())

    again = {**run, "steps": [first, {"text": "Found it."}, steps[2], first]}
    page = desk.open(f"/projects/{project.slug}/upload/")
    drop(page, again)
    do(project.jobs.exclude(result__has_key="created").get())

    expect(page.locator(".facts")).to_contain_text(
        "1 of labelled runs: 2 labels carried over, 1 without the same step"
    )
    page.get_by_role("link", name="step 2").click()
    expect(page.locator(".step.focused")).to_contain_text("Found.")
    after = project.episodes.exclude(pk=before.pk).get()
    page = desk.open(f"/episodes/{after.pk}/?step=2")
    expect(page.locator("#step-2")).to_have_attribute("data-verdict", "-1")
    expect(page.locator("#step-1")).to_have_attribute("data-verdict", "")
    assert desk.complaints == []
