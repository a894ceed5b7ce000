"""The whole circle by clicks and keys, on the product as `make up` starts it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Response, expect

from scoring import arena
from tests.browser.conftest import WINDOW, Desk
from tests.functional.house import House, lines

pytestmark = [
    pytest.mark.browser,
    pytest.mark.functional,
    pytest.mark.xdist_group("house"),
]

DEMO = "Arena help desk (simulated)"
RUNS = list(arena.generate(6, seed=4242))
RUN = RUNS[0]
KEYS = {1: "1", 0: "2", -1: "3"}
TEXTS = {1: "✓ +1", 0: "○ 0", -1: "✕ −1"}
A_JOB, A_TRAINING = 60_000, 300_000


@dataclass
class Visitor(Desk):
    """Somebody who takes a picture at every station."""

    album: Path = Path()
    taken: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.page.on("response", self._look_at)
        self.page.on("requestfailed", self._lose)

    def shoot(self, station: str) -> None:
        self.taken += 1
        path = self.album / f"{self.taken:02}-{station}.png"
        self.page.screenshot(path=path, full_page=True)

    def _look_at(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def _lose(self, request: Request) -> None:
        # leaving a page that asks for its state each second cuts a question off, and
        # what becomes a download ends as a page
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.failure} {request.url}")


@pytest.fixture
def visitor(chromium: Browser, house: House, tmp_path: Path) -> Iterator[Visitor]:
    album = Path(os.environ.get("PACENOTE_SHOTS", tmp_path))
    context = chromium.new_context(viewport=WINDOW, color_scheme="light")
    visitor = Visitor(context.new_page(), house.url, album=album)
    visitor.page.goto(house.sign_in_link())
    yield visitor
    context.close()
    assert visitor.complaints == []


def test_the_circle_turns_by_clicks_and_keys(visitor: Visitor) -> None:
    enter(visitor)
    send(visitor, "own-agent.jsonl", lines(RUNS))
    episode = judge(visitor)
    train(visitor)
    promote(visitor)
    wait_for_the_scores(visitor)
    score(visitor, episode)
    export(visitor)
    oversee(visitor)


def test_a_real_file_enters_a_project_of_its_own(
    visitor: Visitor, samples: Path
) -> None:
    page = visitor.open("/")
    page.get_by_role("link", name="New project").click()
    page.get_by_label("Name").fill("Airline")
    visitor.shoot("new-project")
    page.get_by_role("button", name="Create project").click()
    visitor.shoot("empty-project")
    file = samples / "openai_chat/tau_airline_record0_messages.json"

    send(visitor, file.name, file.read_bytes())
    page.get_by_role("link", name="To the episodes").click()
    page.get_by_role("table").get_by_role("link").first.click()

    expect(page.locator(".rung").nth(5)).to_be_visible()
    visitor.shoot("real-episode")


def enter(visitor: Visitor) -> None:
    page = visitor.page
    expect(page.get_by_role("heading", name="admin")).to_be_visible()
    visitor.shoot("signed-in")
    page.get_by_role("link", name="Pacenote").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    visitor.shoot("home")
    page.get_by_role("link", name=DEMO).click()
    visitor.shoot("episodes")


def send(visitor: Visitor, name: str, body: bytes) -> None:
    """Upload one file into the open project, until its import is done."""
    page = visitor.page
    page.get_by_role("link", name="Upload").first.click()
    visitor.shoot("upload")
    file = {"name": name, "mimeType": "application/json", "buffer": body}
    page.get_by_label("Files with runs").set_input_files([file])  # type: ignore[list-item]
    expect(page.get_by_role("listitem").filter(has_text=name)).to_contain_text("step")
    visitor.shoot("preview")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator(".chip").first).to_contain_text("done", timeout=A_JOB)
    visitor.shoot("imported")


def judge(visitor: Visitor) -> str:
    """Label every step of a run that was just imported; the address of its page."""
    page = visitor.page
    page.get_by_role("link", name="To the episodes").click()
    visitor.shoot("imported-episodes")
    row = page.get_by_role("row").filter(has_text=str(RUN.episode.id))
    row.get_by_role("link").first.click()
    visitor.shoot("workspace")
    change_ones_mind(page)
    half = len(RUN.verdicts) // 2
    press(page, *(KEYS[verdict] for verdict in RUN.verdicts[:half]))
    saved(page)
    visitor.shoot("half-labelled")

    page.reload()
    expect(page.locator(".rung .verdict")).to_have_text(shown(half))
    press(page, *(KEYS[verdict] for verdict in RUN.verdicts[half:]))
    answer(page, "Is the task solved?", "yes" if RUN.episode.outcome.success else "no")
    answer(page, "Manners", "0.25" if RUN.social["rude"] else "1")
    answer(page, "harm", "yes" if RUN.social["leak"] else "no")
    saved(page)
    expect(page.locator(".rung .verdict")).to_have_text(shown(len(RUN.verdicts)))
    visitor.shoot("labelled")
    return page.url


def change_ones_mind(page: Page) -> None:
    """Down, up, unsure, and back: as if nothing had been said."""
    current = page.locator(".rung[aria-current]")
    press(page, "j", "j", "k", "k")
    expect(current).to_have_attribute("data-index", "0")
    press(page, "u")
    expect(page.locator(".rung .verdict").first).to_have_text("? unsure")
    press(page, "z")
    expect(page.locator(".rung .verdict")).to_have_text(shown(0))
    press(page, "k")
    expect(current).to_have_attribute("data-index", "0")


def train(visitor: Visitor) -> None:
    page = visitor.page
    tab(page, "Training").click()
    visitor.shoot("training")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    phase = page.get_by_text(re.compile("(features|heads|evaluation) · "))
    expect(phase).to_be_visible(timeout=A_JOB)
    visitor.shoot("training-runs")
    curve = page.get_by_role("img", name="Loss over")
    expect(curve).to_be_visible(timeout=A_TRAINING)
    link = page.get_by_role("link", name="Look at model")
    expect(link).to_be_visible(timeout=A_TRAINING)
    visitor.shoot("trained")
    link.click()


def promote(visitor: Visitor) -> None:
    page = visitor.page
    champion = page.get_by_role("columnheader", name="★")
    expect(champion).to_be_visible()
    visitor.shoot("beside-the-champion")
    page.get_by_role("link", name="Promote…").click()
    if (reason := page.get_by_label("Reason")).count():
        reason.fill("a test of the circle")
    visitor.shoot("promote")
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_role("status")).to_contain_text("serves now")
    visitor.shoot("promoted")


def wait_for_the_scores(visitor: Visitor) -> None:
    """What the project holds is scored by the new champion in the background."""
    page = visitor.page
    tab(page, "Jobs").click()
    visitor.shoot("jobs")
    page.get_by_role("link", name="scoring").first.click()
    expect(page.locator(".chip").first).to_contain_text("done", timeout=A_TRAINING)
    visitor.shoot("scored-anew")


def score(visitor: Visitor, episode: str) -> None:
    page = visitor.page
    page.goto(episode)
    page.get_by_role("link", name="Reward", exact=True).click()
    page.get_by_role("button", name="Score this episode").click()
    expect(page.get_by_role("status")).to_contain_text("scored")
    visitor.shoot("reward")
    rewards = [numbers(cell)[0] for cell in page.locator(".cells tbody b").all()]
    [total] = numbers(page.locator(".total"))
    assert len(rewards) == len(RUN.verdicts)
    # every number shown is rounded
    assert sum(rewards) == pytest.approx(total, abs=0.0001 * len(rewards))


def export(visitor: Visitor) -> None:
    page = visitor.page
    tab(page, "Exports").click()
    page.get_by_label("Format").select_option("trl_stepwise")
    page.get_by_role("button", name="Export").click()
    link = page.get_by_role("link", name="Download")
    expect(link).to_be_visible(timeout=A_JOB)
    visitor.shoot("exported")
    with page.expect_download() as started:
        link.click()
    rows = [json.loads(line) for line in started.value.path().read_text().splitlines()]
    assert len(rows) > 1
    assert all(len(row["completions"]) == len(row["labels"]) for row in rows)


def oversee(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("link", name="Admin", exact=True).click()
    expect(page.get_by_role("heading", name="Models that serve")).to_be_visible()
    visitor.shoot("admin")
    episodes, steps = (numbers(dd)[0] for dd in page.locator(".dash dd").all()[:2])
    assert episodes >= len(RUNS)
    assert steps >= len(RUN.verdicts)


def tab(page: Page, name: str) -> Locator:
    return page.get_by_role("navigation", name="Project").get_by_role("link", name=name)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def saved(page: Page) -> None:
    expect(page.locator("[data-saving]")).to_have_text("saved")


def shown(labelled: int) -> list[str]:
    """The verdicts beside the steps once the first so many are labelled."""
    verdicts = [TEXTS[verdict] for verdict in RUN.verdicts[:labelled]]
    return verdicts + ["·"] * (len(RUN.verdicts) - labelled)


def answer(page: Page, question: str, button: str) -> None:
    form = page.get_by_role("group", name=question)
    choice = form.get_by_role("button", name=button)
    choice.click()
    expect(choice).to_have_attribute("aria-pressed", "true")


def numbers(place: Locator) -> list[float]:
    """The numbers of a row or cell as a reader sees them."""
    written = place.inner_text().replace("−", "-").replace(",", "")
    return [float(text) for text in re.findall(r"[+-]?\d+(?:\.\d+)?", written)]
