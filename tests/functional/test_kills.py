"""kill -9 of what works: nothing is lost, nothing is answered wrongly."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from scoring import arena
from tests.functional.house import House, done, eventually, judge, lines, upload

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("house")]


@pytest.mark.parametrize(
    ("victim", "seed"), [("workers.trainer", 501), ("-Q jobs", 502)]
)
def test_a_training_killed_half_way_goes_on_and_ends_well(
    house: House, client: httpx.Client, victim: str, seed: int
) -> None:
    runs = list(arena.generate(6, seed=seed))
    upload(client, "more.jsonl", lines([run.episode for run in runs]))
    rows = client.get("/api/v1/episodes/").json()["results"]
    for row in rows[: len(runs)]:
        judge(client, row["id"], [1])
    run = client.post("/api/v1/training-runs/", json={}).json()
    eventually(lambda: client.get(run["job"]["url"]).json()["progress"].get("phase"))
    house.kill_9(victim)
    job = done(client, run["job"])
    assert job["attempt"] == 2
    assert client.get(f"/api/v1/training-runs/{run['id']}/").json()["reward_model"]


def test_a_scorer_killed_under_load_loses_and_mixes_up_nothing(
    house: House, client: httpx.Client
) -> None:
    episodes = [run.episode.to_dict() for run in arena.generate(24, seed=900)]
    expected = {i: score(client, episode) for i, episode in enumerate(episodes)}
    with ThreadPoolExecutor(12) as pool:
        asked = {
            i: pool.submit(score, client, episode)
            for i, episode in [*enumerate(episodes)]
        }
        house.kill_9("-Q score")
        answers = {i: future.result() for i, future in asked.items()}
    assert answers == expected
    assert "scorer ended (SIGKILL): again in 1 s" in house.said


def score(client: httpx.Client, episode: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/api/v1/scores/", json={"episodes": [episode]})
    assert response.status_code == 200, response.text
    [answer] = response.json()["scores"]
    # which request warmed what differs; what is said of the episode must not
    return {name: answer[name] for name in ("valid", "total", "steps", "model")}
