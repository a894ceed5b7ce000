"""kill -9 of what works: nothing is lost, nothing is answered wrongly."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from scoring import arena
from tests.functional.house import House, done, eventually, label, over

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("house")]


@pytest.mark.parametrize(
    ("victim", "seed"), [("workers.trainer {job}", 501), ("-Q jobs", 502)]
)
def test_a_training_killed_half_way_goes_on_and_ends_well(
    house: House, client: httpx.Client, victim: str, seed: int
) -> None:
    run = training(client, seed)
    # audits of earlier models may run in processes of the same name
    house.kill_9(victim.format(job=run["job"]["id"]))
    job = done(client, run["job"])
    assert job["attempt"] == 2
    assert client.get(f"/api/v1/training-runs/{run['id']}/").json()["reward_model"]


def test_a_cancelled_training_ends_at_once_and_makes_no_model(
    client: httpx.Client,
) -> None:
    run = training(client, seed=503)
    client.post(f"/api/v1/training-runs/{run['id']}/cancel/")
    job = eventually(lambda: over(client, run["job"]), 30)
    assert job["state"] == "cancelled"
    assert not client.get(f"/api/v1/training-runs/{run['id']}/").json()["reward_model"]


def training(client: httpx.Client, seed: int) -> Any:
    """A training in the middle of its work, on runs it has never seen."""
    label(client, list(arena.generate(8, seed=seed)))
    run = client.post("/api/v1/training-runs/", json={}).json()
    eventually(lambda: client.get(run["job"]["url"]).json()["progress"].get("phase"))
    return run


def test_a_scorer_killed_under_load_loses_and_mixes_up_nothing(
    house: House, client: httpx.Client
) -> None:
    episodes = [run.episode.to_dict() for run in arena.generate(24, seed=900)]
    expected = {i: score(client, episode) for i, episode in enumerate(episodes)}
    with ThreadPoolExecutor(12) as pool:
        asked = {
            i: pool.submit(score, client, episode) for i, episode in enumerate(episodes)
        }
        house.kill_9("-Q score")
        answers = {i: future.result() for i, future in asked.items()}
    assert answers == expected
    assert "scorer ended (SIGKILL): again in 0 s" in house.said


def score(client: httpx.Client, episode: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/api/v1/scores/", json={"episodes": [episode]})
    assert response.status_code == 200, response.text
    [answer] = response.json()["scores"]
    # which request warmed what differs; what is said of the episode must not
    return {name: answer[name] for name in ("valid", "total", "steps", "model")}
