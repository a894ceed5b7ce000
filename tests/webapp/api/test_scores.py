"""Scores that need no model: by signals, by outcome, in lines, in jobs.

Those that need one are asked of a real scorer in tests/functional.
"""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from scoring import rewards
from tests import factories
from webapp.models import Episode, Job, Project, RewardSpec
from webapp.services import reward_specs, scores

URL = "/api/v1/scores/"
RUN = {"id": "r", "task": "t", "steps": [{"text": "a"}], "outcome": {"success": True}}


@pytest.fixture
def spec(project: Project, alice: User) -> RewardSpec:
    """The project's: outcome and manners only, so that no model has a say."""
    body = rewards.DEFAULT.to_dict() | {"id": "reward/by_outcome"}
    body["components"]["process"]["weight"] = 0.0
    body["components"]["final"]["sources"] = ["outcome"]
    row = reward_specs.create(rewards.Spec.from_dict(body), user=alice)
    Project.objects.filter(pk=project.pk).update(spec=row)
    return row


def score(api: APIClient, *episodes: Any, **fields: Any) -> Any:
    return api.post(URL, {"episodes": episodes, **fields}, format="json")


def test_episodes_are_scored_in_order_and_their_cells_sum_up(
    api: APIClient, spec: RewardSpec
) -> None:
    lost = RUN | {"id": "lost", "outcome": {"success": False}}
    found = score(api, RUN, lost).json()["scores"]
    assert [row["episode"] for row in found] == ["r", "lost"]
    assert found[0]["total"] > found[1]["total"]
    for row in found:
        cells = [v for step in row["steps"] for v in step["rewards"].values()]
        assert sum(cells) == pytest.approx(row["total"], abs=1e-9)
        assert row["spec"]["sha256"] == spec.sha256


def test_an_unknown_outcome_is_no_total_rather_than_a_zero(
    api: APIClient, spec: RewardSpec
) -> None:
    [found] = score(api, {"task": "t", "steps": [{"text": "a"}]}).json()["scores"]
    assert (found["valid"], found["total"]) == (False, None)
    assert found["reasons"] == ["final_missing"]


def test_a_stored_episode_is_scored_by_what_people_said_of_it(
    api: APIClient, spec: RewardSpec, episode: Episode, alice: User
) -> None:
    stored = {"id": str(episode.pk)}
    assert score(api, stored).json()["scores"][0]["valid"] is False
    factories.a_label(episode, alice, 1, step=None, axis="outcome")
    [found] = score(api, stored).json()["scores"]
    assert found["families"]["final"]["weighted"] == 0.6


def test_a_stored_episode_of_another_project_is_unknown(
    api: APIClient, spec: RewardSpec, charlie: User
) -> None:
    foreign = factories.an_episode(charlie.projects.get())
    response = score(api, RUN, {"id": str(foreign.pk)})
    assert (response.status_code, response.json()["pointer"]) == (400, "/episodes/1/id")


def test_lines_in_are_lines_out(api: APIClient, spec: RewardSpec) -> None:
    body = "\n".join(json.dumps(RUN | {"id": str(i)}) for i in range(40))
    response = api.generic("POST", URL, body, "application/x-ndjson")
    rows = [json.loads(line) for line in response.getvalue().splitlines()]
    assert response.headers["Content-Type"] == "application/x-ndjson"
    assert [row["episode"] for row in rows] == [str(i) for i in range(40)]
    assert rows[:1] == score(api, RUN | {"id": "0"}).json()["scores"]


def test_a_client_may_prefer_a_job(api: APIClient, spec: RewardSpec) -> None:
    headers = {"Prefer": "respond-async", "Idempotency-Key": "k"}
    first, again = (
        api.post(URL, {"episodes": [RUN]}, format="json", headers=headers)
        for _ in range(2)
    )
    assert (first.status_code, first.json()) == (202, again.json())
    job = Job.objects.get()
    assert api.get(f"{URL}{job.pk}/file/").status_code == 404
    assert job.claim()
    scores.run(job)
    rows = api.get(f"{URL}{job.pk}/file/").getvalue().splitlines()
    assert [json.loads(row) for row in rows] == score(api, RUN).json()["scores"]


def test_a_job_scores_stored_episodes_as_a_direct_request_does(
    api: APIClient, spec: RewardSpec, episode: Episode, alice: User
) -> None:
    factories.a_label(episode, alice, 1, step=None, axis="outcome")
    factories.a_label(episode, alice, 0.0, step=None, axis="preference")
    body = {"episodes": [{"id": str(episode.pk)}]}
    headers = {"Prefer": "respond-async"}
    pk = api.post(URL, body, format="json", headers=headers).json()["id"]
    job = Job.objects.get(pk=pk)
    assert job.claim()
    scores.run(job)
    rows = api.get(f"{URL}{job.pk}/file/").getvalue().splitlines()
    [direct] = api.post(URL, body, format="json").json()["scores"]
    assert [json.loads(row) for row in rows] == [direct]
    assert direct["families"]["social"]["weighted"] < 0


def test_a_long_request_becomes_a_job_by_itself(
    api: APIClient, spec: RewardSpec, settings: Any
) -> None:
    settings.SCORE_SYNC_TOKENS = 10
    long = RUN | {"steps": [{"text": "word " * 20}]}
    assert score(api, long).status_code == 202


def test_without_a_model_the_default_spec_is_refused_with_a_sentence(
    api: APIClient,
) -> None:
    response = score(api, RUN)
    assert response.status_code == 422
    assert "promote" in response.json()["detail"]


def test_without_a_scorer_the_client_is_told_to_come_back(
    api: APIClient, project: Project
) -> None:
    factories.a_reward_model(project, "champion")
    response = score(api, RUN)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_an_unknown_spec_is_named(api: APIClient) -> None:
    response = score(api, RUN, spec="nonsense@9")
    assert response.status_code == 422
    assert "nonsense@9" in response.json()["detail"]


def test_a_stored_score_is_kept_and_listed(
    api: APIClient, spec: RewardSpec, project: Project
) -> None:
    episode = factories.an_episode(project, outcome={"success": True})
    url = f"/api/v1/episodes/{episode.pk}/scores/"
    first, again = (api.post(url, {}, format="json").json() for _ in range(2))
    assert first == again
    assert api.get(url).json()["results"] == [first]


def test_signals_are_combined_without_a_model(api: APIClient) -> None:
    signals = {"id": "x", "q": [0.9, 0.2], "final": 1.0}
    body = {"episodes": [signals], "spec": "default@1"}
    [found] = api.post("/api/v1/combine/", body, format="json").json()["scores"]
    assert found == rewards.combine(rewards.Signals.from_dict(signals))


@pytest.mark.parametrize("method", rewards.METHODS)
def test_a_group_ranks_its_rollouts_and_leaves_the_unknown_out(
    api: APIClient, spec: RewardSpec, method: str
) -> None:
    lost = RUN | {"id": "lost", "outcome": {"success": False}}
    unknown = RUN | {"id": "unknown", "outcome": {}}
    body = {"episodes": [RUN, lost, unknown], "method": method}
    group = api.post("/api/v1/groups/", body, format="json").json()
    won, failed, left_out = (row["advantages"] for row in group["episodes"])
    assert won[0] > 0 > failed[0]
    assert left_out is None
    assert len(group["scores"]) == 3


def test_a_group_has_returns_and_gae_beside_its_advantages(
    api: APIClient, spec: RewardSpec
) -> None:
    lost = RUN | {"id": "lost", "outcome": {"success": False}}
    body = {"method": "grpo", "episodes": [RUN, lost], "gamma": 0.5, "lambda": 0.9}

    found = api.post("/api/v1/groups/", body, format="json").json()

    for one, score in zip(found["episodes"], found["scores"], strict=True):
        assert one["returns"] == pytest.approx([score["total"]])
        # nobody said what the value of a step is
        assert one["gae"] is None


def test_kept_scores_are_summed_up(
    api: APIClient, spec: RewardSpec, project: Project
) -> None:
    project.refresh_from_db()
    for success in (True, False, None):
        run = factories.an_episode(project, outcome={"success": success})
        scores.store(run)

    found = api.get("/api/v1/rewards/summary/").json()

    assert (found["count"], found["valid"], found["model"]) == (3, 2, None)
    assert found["abstained"] == {"final_missing": 1}
    assert sum(found["histograms"][0]["counts"]) == 2
    missing = api.get("/api/v1/rewards/summary/?spec=nobody")
    assert missing.status_code == 404
