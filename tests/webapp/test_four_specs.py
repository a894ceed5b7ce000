"""One episode under four specs: what the API says is what the page draws."""

import re
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scoring import schema
from tests import factories
from tests.webapp.api.conftest import client_of
from webapp.models import Project
from webapp.services import episodes

SPECS = ("default@1.0.0", "rlhf_t1@1.0.0", "tool_agent@2.0.0", "safety_first@1.0.0")
RUN: dict[str, Any] = {
    "format": "pacenote/episode@1",
    "id": "refund-7",
    "task": "Refund order 7, politely.",
    "steps": [
        {
            "calls": [{"name": "look_up", "arguments": {"order": 7}, "result": "ok"}],
            "tokens": {"out": 500},
        },
        {"calls": [{"name": "refund", "arguments": '{"ord'}], "tokens": {"out": 450}},
        {"text": "Use AKIAIOSFODNN7EXAMPLA, you stupid idiot.", "tokens": {"out": 90}},
        {"text": "It is refunded. Have a good day!"},
    ],
    "outcome": {"success": True},
    "meta": {"token_budget": 1000},
}


@pytest.fixture
def browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.mark.usefixtures("scorer", "champion")
@pytest.mark.parametrize("spec", SPECS)
def test_the_bars_of_the_page_are_the_cells_of_the_api(
    spec: str, project: Project, alice: User, browser: Client
) -> None:
    run = schema.Episode.from_dict(RUN)
    episodes.create_many(project, [run], source_format="pacenote")
    episode = project.episodes.get()
    factories.a_label(episode, alice, 0.75, step=None, axis="preference")
    api = client_of(alice, project)

    told = browser.post(f"/episodes/{episode.pk}/reward/", {"spec": spec, "model": ""})
    page = browser.get(told.headers["Location"]).content.decode()

    [kept] = api.get(f"/api/v1/episodes/{episode.pk}/scores/").json()["results"]
    cells = [step["rewards"] for step in kept["steps"]]
    assert kept["total"] == pytest.approx(
        sum(sum(row.values()) for row in cells), abs=1e-9
    )
    drawn = bars(page)
    expected = {
        (step, family): value
        for step, row in enumerate(cells)
        for family, value in row.items()
        if abs(value) > 1e-12
    }
    assert drawn.keys() == expected.keys()
    tallest = max(drawn, key=lambda place: drawn[place].height)
    unit = drawn[tallest].height / abs(expected[tallest])
    for place, value in expected.items():
        assert drawn[place].said == pytest.approx(value, abs=5e-4)
        # no bar is thinner than half a pixel
        height = max(abs(value) * unit, 0.5)
        assert drawn[place].height == pytest.approx(height, abs=0.02)


@pytest.mark.usefixtures("scorer", "champion")
def test_the_four_differ_and_only_the_first_asks_the_model(
    project: Project, alice: User
) -> None:
    api = client_of(alice, project)
    asked = {"episodes": [RUN]}
    scores = [
        api.post("/api/v1/scores/", asked | {"spec": spec}, format="json").json()
        for spec in SPECS
    ]
    found = [score["scores"][0] for score in scores]
    q = [[step["q"] for step in score["steps"]] for score in found]
    assert all(row == q[0] for row in q)
    assert found[1]["total"] is None
    assert found[1]["reasons"] == ["social_missing"]
    totals = {round(score["total"], 6) for score in found if score["valid"]}
    assert len(totals) == 3


class Bar(NamedTuple):
    """`said` in its title, `height` in pixels."""

    said: float
    height: float


def bars(page: str) -> dict[tuple[int, str], Bar]:
    """The bars of the page by step and family."""
    shapes = re.findall(
        r'<rect class="fill-(\w+)"[^>]* height="([\d.]+)">'
        r"<title>(\d+) · \w+ ([+-][\d.]+)",
        page,
    )
    return {
        (int(step) - 1, family): Bar(float(said), float(height))
        for family, height, step, said in shapes
    }
