"""Labelling by keyboard in a real browser."""

import json
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from tests import factories
from tests.browser.conftest import Desk
from tests.webapp.views import payloads
from webapp.models import Episode, LabelEvent, Project
from webapp.services import labels, scores

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def episode(project: Project) -> Episode:
    return factories.an_episode(project, steps=6)


@pytest.fixture
def page(desk: Desk, episode: Episode) -> Iterator[Page]:
    yield desk.open(f"/episodes/{episode.pk}/")
    assert desk.complaints == []


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def saved(page: Page) -> None:
    expect(page.locator("[data-saving]")).to_have_text("saved")


def verdicts(page: Page) -> list[str]:
    return page.locator(".rung .verdict").all_text_contents()


def stored(episode: Episode, user: User) -> list[object]:
    said = labels.current(episode, user=user)["steps"]
    return [said.get(i, {}).get("verdict") for i in range(episode.step_count)]


def test_one_key_labels_and_goes_on(page: Page, episode: Episode, owner: User) -> None:
    press(page, "1", "2", "3", "u")
    saved(page)

    assert verdicts(page) == ["✓ +1", "○ 0", "✕ −1", "? unsure", "·", "·"]
    assert stored(episode, owner) == [1, 0, -1, "unsure", None, None]
    expect(page.locator(".rung[aria-current]")).to_have_attribute("data-index", "4")
    expect(page.locator("[data-labelled]")).to_have_text("4")


def test_a_reload_shows_what_was_saved(page: Page) -> None:
    press(page, "1", "3")
    saved(page)

    page.reload()

    assert verdicts(page)[:3] == ["✓ +1", "✕ −1", "·"]
    expect(page.locator(".rung[aria-current]")).to_have_attribute("data-index", "2")


def test_undo_and_redo_walk_the_log(page: Page, episode: Episode, owner: User) -> None:
    press(page, "1", "3", "z", "z")
    saved(page)
    assert stored(episode, owner)[:2] == [None, None]
    assert verdicts(page)[:2] == ["·", "·"]

    press(page, "Shift+z", "Shift+z")
    saved(page)

    assert stored(episode, owner)[:2] == [1, -1]
    assert LabelEvent.objects.count() == 6, "the log forgets nothing"


def test_moving_about(page: Page) -> None:
    current = page.locator(".rung[aria-current]")
    press(page, "1", "j", "ArrowDown", "k")
    expect(current).to_have_attribute("data-index", "2")

    press(page, "Shift+n")
    expect(current).to_have_attribute("data-index", "1")
    press(page, "k", "n")

    expect(current).to_have_attribute("data-index", "1")
    expect(page.locator("article:focus")).to_have_attribute("data-index", "1")


def test_keys_sleep_in_text_fields_and_dialogs(page: Page) -> None:
    press(page, "c")
    page.keyboard.type("1 and 3, j or z?")
    press(page, "Escape", "?")
    press(page, "1", "Escape", "Control+2")

    assert set(verdicts(page)) == {"·"}
    expect(page.locator("#comment")).to_have_value("1 and 3, j or z?")


def test_a_comment_is_kept_with_its_step(
    page: Page, episode: Episode, owner: User
) -> None:
    press(page, "c")
    page.keyboard.type(payloads.SCRIPT)
    page.get_by_role("button", name="Save comment").click()
    saved(page)
    press(page, "Escape", "j")
    expect(page.locator("#comment")).to_have_value("")

    said = labels.current(episode, user=owner)["steps"]
    assert said == {0: {"comment": payloads.SCRIPT}}


def test_the_whole_episode_is_judged_too(
    page: Page, episode: Episode, owner: User
) -> None:
    page.get_by_role("button", name="partly").click()
    page.get_by_role("button", name="0.75").click()
    page.locator("input[value=harm] + fieldset button").last.click()
    saved(page)

    said = labels.current(episode, user=owner)
    assert (said["outcome"], said["preference"], said["harm"]) == (0, 0.75, False)


def test_what_cannot_be_sent_is_kept_and_sent_later(
    page: Page, episode: Episode, owner: User
) -> None:
    page.route("**/label/", lambda route: route.abort())
    press(page, "1", "3")
    expect(page.locator("[data-saving]")).to_have_text("not saved: retrying")
    assert stored(episode, owner)[:2] == [None, None]

    page.unroute("**/label/")
    saved(page)

    assert stored(episode, owner)[:2] == [1, -1]


def test_a_reload_sends_what_was_left(
    page: Page, episode: Episode, owner: User
) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/label/", lambda route: route.abort())
    press(page, "3")
    expect(page.locator("[data-saving]")).to_have_text("not saved: retrying")
    page.unroute("**/label/")

    page.reload()
    saved(page)

    assert verdicts(page)[0] == "✕ −1"
    assert stored(episode, owner)[0] == -1


def test_an_answer_lost_on_the_way_writes_nothing_twice(page: Page) -> None:
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        response = route.fetch()
        lost.append(route.request.post_data or "")
        route.abort() if len(lost) == 1 else route.fulfill(response=response)

    page.route("**/label/", lose_the_first)
    press(page, "1")
    saved(page)

    assert len(lost) == 2
    assert lost[0] == lost[1]
    assert LabelEvent.objects.count() == 1


def test_another_tab_was_first(page: Page, episode: Episode, owner: User) -> None:
    factories.a_label(episode, owner, 0, step=0)

    press(page, "3")
    expect(page.locator("[data-notice] button")).to_have_text("Use mine")
    assert verdicts(page)[0] == "○ 0"
    page.get_by_role("button", name="Use mine").click()
    saved(page)

    assert stored(episode, owner)[0] == -1


def test_signed_out_in_between_loses_nothing(
    page: Page, episode: Episode, owner: User
) -> None:
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    press(page, "1")
    expect(page.locator("[data-saving]")).to_contain_text("sign in again")

    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    saved(page)

    assert stored(episode, owner)[0] == 1


def test_the_model_is_shown_after_the_own_label(
    page: Page, episode: Episode, owner: User
) -> None:
    scores.store(episode, spec="rlhf_t1")
    press(page, "m")
    expect(page.locator("[data-model-score]")).to_contain_text("Hidden until")

    press(page, "1", "k", "m")
    expect(page.locator("[data-model-score]")).not_to_contain_text("Hidden")
    press(page, "3")
    saved(page)

    assert LabelEvent.objects.get(value=-1).score_visible


def test_far_steps_come_when_somebody_goes_there(desk: Desk, project: Project) -> None:
    episode = factories.an_episode(project, steps=400)
    page = desk.open(f"/episodes/{episode.pk}/")

    page.locator('.rung[data-index="300"]').click()

    expect(page.locator("#step-300")).to_be_in_viewport()
    expect(page.locator("#step-300")).to_have_class("step focused")
    assert desk.complaints == []


def test_a_label_at_the_end_of_a_part_leads_to_the_next(
    desk: Desk, project: Project, owner: User
) -> None:
    episode = factories.an_episode(project, steps=5_003)
    page = desk.open(f"/episodes/{episode.pk}/?step=4998")
    page.locator("#step-4998").wait_for()

    press(page, "1", "3")
    page.locator("#step-5000").wait_for()
    press(page, "1")
    saved(page)

    assert stored(episode, owner)[4998:5001] == [1, -1, 1]
    expect(page.locator("[data-labelled]")).to_have_text("3")
    assert desk.complaints == []


def test_poison_stays_text(desk: Desk, project: Project, owner: User) -> None:
    episode = payloads.poisoned(project)
    factories.a_label(episode, owner, payloads.EVERYTHING, axis="comment")
    scores.store(episode, spec="rlhf_t1")

    for path in ("", "reward/", "delete/"):
        page = desk.open(f"/episodes/{episode.pk}/{path}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.pwned") is None
    desk.open(f"/projects/{project.slug}/episodes/")

    assert desk.page.evaluate("window.pwned") is None
    assert desk.complaints == []


def test_without_script_the_forms_do_it(
    desk: Desk, episode: Episode, owner: User
) -> None:
    assert desk.page.context.browser
    context = desk.page.context.browser.new_context(java_script_enabled=False)
    context.add_cookies(desk.page.context.cookies())  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{desk.url}/episodes/{episode.pk}/")

    page.locator("#step-0").get_by_role("button", name="+1").click()
    page.locator(".panel").get_by_role("button", name="−1").first.click()

    assert stored(episode, owner)[:2] == [1, -1]
    assert "step=2" in page.url
    context.close()


def test_a_key_is_painted_soon_among_5000_steps(
    desk: Desk, project: Project, record_property: object
) -> None:
    episode = factories.an_episode(project, steps=5_000)
    page = desk.open(f"/episodes/{episode.pk}/?step=40")
    page.locator("#step-40").wait_for()

    times = json.loads(page.evaluate(KEY_TO_PAINT))

    record_property("key_to_paint_ms", times)  # type: ignore[operator]
    print(f"key → paint, 5,000 steps: {sorted(times)} ms")
    assert len(times) == 30
    saved(page)


# from the key event to the frame after the one it is painted in
KEY_TO_PAINT = """async () => {
  const frame = () =>
    new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)));
  const times = [];
  for (let i = 0; i < 30; i++) {
    const key = i % 2 ? "1" : "j";
    const start = performance.now();
    document.activeElement.dispatchEvent(
      new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await frame();
    times.push(Math.round(performance.now() - start));
    await new Promise((go) => setTimeout(go, 30));
  }
  return JSON.stringify(times);
}"""
