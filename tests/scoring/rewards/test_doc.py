"""The worked example of docs/rewards.md, computed again from what the page says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scoring.rewards import (
    COLUMNS,
    DEFAULT,
    Signals,
    Social,
    advantages,
    combine,
    score,
    step_rewards,
)
from scoring.schema import Episode, Prediction

PAGE = (Path(__file__).parents[3] / "docs/rewards.md").read_text("utf-8")


def table(first: str) -> list[dict[str, str]]:
    """The rows of the table whose first column is headed so."""
    [block] = re.findall(rf"^\| {first} \|.*\n(?:\|.*\n)+", PAGE, re.MULTILINE)
    head, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in block.splitlines()
    )
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def worked() -> dict[str, Any]:
    [block] = re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL)
    q = tuple(float(row["q"]) for row in table("step"))
    nothing = (None,) * len(q)
    said = Prediction(q, nothing, nothing, nothing)
    episode = Episode.from_dict(json.loads(block))
    return score(episode, said, social=Social(preference=0.8, tone=0.3))


def test_the_cells_are_those_of_the_page(worked: dict[str, Any]) -> None:
    for row, step, reward in zip(
        table("step"), worked["steps"], step_rewards(worked), strict=True
    ):
        shown = {name: float(row[name]) for name in COLUMNS}
        assert step["rewards"] == pytest.approx(shown, abs=1e-9)
        assert reward == pytest.approx(float(row["reward"]), abs=1e-9)


def test_the_total_is_that_of_the_page(worked: dict[str, Any]) -> None:
    [shown] = re.findall(r"sum to R = \*\*([\d.]+)\*\*", PAGE)
    assert worked["total"] == pytest.approx(float(shown), abs=1e-9)


def test_the_groups_advantages_are_those_of_the_page(worked: dict[str, Any]) -> None:
    own, *others = table("rollout")
    group = [worked, *(combine(signals(row)) for row in others)]
    outcome = advantages(group, "grpo", DEFAULT)["episodes"]
    process = advantages(group, "process", DEFAULT)["episodes"]
    rows = zip([own, *others], group, outcome, process, strict=True)
    for row, made, alike, stepwise in rows:
        assert made["total"] == pytest.approx(float(row["R"]))
        first, *_, last = stepwise["advantages"]
        got = [alike["advantages"][0], first, last]
        names = ("GRPO", "process, first step", "process, last step")
        assert got == pytest.approx([float(row[name]) for name in names], abs=5e-5)


def test_the_promises_are_those_of_the_page() -> None:
    margin = DEFAULT.margin()
    shown = [re.findall(r"-?\d\.\d\d", row["value"]) for row in table("promise")]
    promised = [float(number) for numbers in shown for number in numbers]
    assert promised == [
        *(margin.worst_success, margin.best_failure, margin.dominance),
        *(*margin.safe, *margin.unsafe, margin.separation),
    ]


def signals(row: dict[str, str]) -> Signals:
    broken = (int(row["violation"]),) if row["violation"] else ()
    q = tuple(map(float, row["q"].split(",")))
    return Signals(row["rollout"], q, final=float(row["f"]), violations=broken)
