"""Scores: four families, one number, people's answers first."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import redis
from django.contrib.auth.models import User

from scoring import rewards, schema
from tests import factories
from webapp import replicas
from webapp.errors import Conflict, Invalid, NotReady
from webapp.models import Episode, Job, Project, RewardModel, Score
from webapp.services import predictions, reward_specs, scores, stored_scores

SILENT = "rlhf_t1"  # a spec in which the process family has no weight


def cells(body: dict[str, Any]) -> float:
    return sum(value for step in body["steps"] for value in step["rewards"].values())


@pytest.fixture
def solved() -> schema.Episode:
    return factories.a_run(outcome={"success": True})


@pytest.mark.usefixtures("scorer", "champion")
def test_the_cells_of_a_score_sum_to_its_total(project: Project) -> None:
    runs = [factories.a_run(n, outcome={"success": n % 2 == 0}) for n in range(1, 6)]

    bodies = scores.score(project, runs)

    for run, body in zip(runs, bodies, strict=True):
        assert (body["episode"], body["valid"]) == (run.id, True)
        assert cells(body) == pytest.approx(body["total"], abs=1e-9)
        assert all(0 <= step["q"] <= 1 for step in body["steps"])


@pytest.mark.usefixtures("scorer")
def test_a_score_names_the_model_and_the_spec_it_is_from(
    project: Project, champion: RewardModel, solved: schema.Episode
) -> None:
    [body] = scores.score(project, [solved], model="champion", spec="default@1")

    assert body["model"] == {"id": f"v{champion.version}", "sha256": champion.sha256}
    assert body["spec"]["sha256"] == rewards.DEFAULT.sha256


def test_without_a_champion_the_way_out_is_named(
    project: Project, solved: schema.Episode
) -> None:
    with pytest.raises(Invalid, match="train one and promote it"):
        scores.score(project, [solved])


def test_a_spec_without_process_needs_no_model(
    project: Project, solved: schema.Episode
) -> None:
    [body] = scores.score(project, [solved], spec=SILENT)

    assert body["model"] is None
    assert body["spec"]["id"] == "reward/rlhf_t1"


@pytest.mark.parametrize("name", ["default@9", "nobody", "../secret", ""])
def test_no_such_model_is_said(
    project: Project, solved: schema.Episode, name: str
) -> None:
    with pytest.raises(Invalid):
        scores.score(project, [solved], model=name)


@pytest.mark.usefixtures("champion")
def test_a_scorer_that_was_there_a_moment_ago_is_waited_for_until_the_deadline(
    project: Project, solved: schema.Episode, live_broker: redis.Redis
) -> None:
    live_broker.zadd(replicas.SEEN, {"killed": time.time()})
    with pytest.raises(NotReady, match="no answer within"):
        scores.score(project, [solved], ask=partial(predictions.ask, seconds=0.2))


@pytest.mark.usefixtures("scorer", "champion")
def test_an_unknown_outcome_makes_no_total_but_shows_the_steps(
    project: Project,
) -> None:
    stored = scores.store(factories.an_episode(project, ended="truncated"))

    assert (stored.valid, stored.total, stored.final) == (False, None, None)
    assert stored.body["reasons"] == ["final_missing"]
    charged = [step["rewards"]["process"] for step in stored.body["steps"]]
    assert sum(charged) == pytest.approx(stored.process)


@pytest.mark.usefixtures("scorer", "champion")
def test_people_have_the_last_word_on_the_outcome(
    project: Project, alice: User
) -> None:
    episode = factories.an_episode(project, outcome={"success": True})
    before = scores.store(episode)
    factories.a_label(episode, alice, -1, step=None, axis="outcome")

    after = scores.store(episode)

    assert (before.final, after.final) == (0.6, -0.6)
    assert scores.latest(episode) == after
    assert episode.scores.count() == 2


@pytest.mark.usefixtures("scorer", "champion")
def test_an_answer_taken_back_makes_the_earlier_score_the_latest_again(
    project: Project, alice: User
) -> None:
    episode = factories.an_episode(project, outcome={"success": True})
    first = scores.store(episode)
    factories.a_label(episode, alice, -1, step=None, axis="outcome")
    second = scores.store(episode)
    assert latest(episode) == [second]

    factories.a_label(episode, alice, None, step=None, axis="outcome")
    assert scores.store(episode) == first
    assert latest(episode) == [first]

    other = scores.store(episode, spec="safety_first@1")
    assert set(latest(episode)) == {first, other}


def latest(episode: Episode) -> list[Score]:
    return list(episode.scores.filter(is_latest=True))


@pytest.mark.usefixtures("scorer", "champion")
def test_manners_and_harm_count(project: Project, alice: User) -> None:
    episode = factories.an_episode(project, outcome={"success": True})
    factories.a_label(episode, alice, 1.0, step=None, axis="preference")
    factories.a_label(episode, alice, True, step=None, axis="harm")

    score = scores.store(episode)

    assert (score.social, score.gate) == (0.1, -2.2)
    assert score.body["gate"]["violations"][0]["step"] == episode.step_count - 1


@pytest.mark.usefixtures("scorer", "champion")
def test_private_data_given_away_is_gated_where_the_spec_asks(
    project: Project, alice: User
) -> None:
    rules = ("privacy", *rewards.DEFAULT.gate.rules)
    gate = replace(rewards.DEFAULT.gate, rules=rules)
    spec = reward_specs.store(replace(rewards.DEFAULT, id="reward/ours", gate=gate))
    episode = factories.an_episode(project, outcome={"success": True})
    factories.a_label(episode, alice, True, step=None, axis="privacy")

    assert scores.store(episode).gate == 0
    gated = scores.store(episode, spec=spec.sha256)
    assert gated.body["gate"]["violations"][0]["rule"] == "privacy"


@pytest.mark.usefixtures("scorer", "champion")
def test_the_same_inputs_are_scored_once(episode: Episode) -> None:
    first = scores.store(episode)

    assert scores.store(episode) == first
    assert episode.scores.count() == 1


def run(job: Job) -> dict[str, Any]:
    assert job.claim()
    return scores.run(job)


@pytest.mark.usefixtures("scorer", "champion")
def test_a_job_scores_every_stored_episode_and_repeats_nothing(
    project: Project, alice: User
) -> None:
    for _ in range(20):
        factories.an_episode(project, outcome={"success": True})

    first = run(scores.start(project, user=alice))
    again = run(scores.start(project, user=alice))

    assert first == again
    assert (first["scored"], first["valid"]) == (20, 20)
    assert sum(e.scores.count() for e in project.episodes.all()) == 20


@pytest.mark.usefixtures("scorer", "champion")
def test_a_job_scores_given_episodes_into_a_file(project: Project, alice: User) -> None:
    runs = [factories.a_run(outcome={"success": True}) for _ in range(18)]
    job = scores.start(project, user=alice, episodes=runs, key="k")

    result = run(job)

    path = scores.file_of(job)
    assert path is not None
    bodies = [json.loads(line) for line in path.read_text().splitlines()]
    assert [body["episode"] for body in bodies] == [run.id for run in runs]
    again = scores.score(project, runs[3:4])[0]
    # what was read a moment ago needn't be computed again
    assert again["usage"].pop("cached_tokens") >= bodies[3]["usage"].pop(
        "cached_tokens"
    )
    assert bodies[3] == again
    assert (result["scored"], result["valid"]) == (18, 18)
    assert not project.episodes.exists()


@pytest.mark.usefixtures("champion")
def test_the_key_of_a_job_stands_for_its_episodes(project: Project) -> None:
    start: Callable[..., Job] = scores.start
    one, other = factories.a_run(), factories.a_run()
    first = start(project, user=None, episodes=[one], key="k")

    assert start(project, user=None, episodes=[one], key="k") == first
    with pytest.raises(Conflict):
        start(project, user=None, episodes=[other], key="k")


@pytest.mark.usefixtures("champion")
def test_another_spec_costs_no_model(project: Project, champion: RewardModel) -> None:
    episode = factories.an_episode(project, outcome={"success": True})
    prediction = schema.Prediction(
        q=(0.9, 0.2, 0.8),
        q_std=(0.1, 0.0, 0.1),
        verdicts=((0.1, 0.2, 0.7), None, (0.2, 0.2, 0.6)),
        value=(0.5, 0.4, None),
        tokens=30,
    )
    given = {"model": champion, "spec": project.spec}
    stored_scores.of([episode], ask=lambda model, runs: [prediction], **given)

    [again] = stored_scores.of(
        [episode], model=champion, spec=reward_specs.find("tool_agent"), ask=nobody
    )

    assert [step["q"] for step in again.body["steps"]] == [0.9, 0.2, 0.8]
    assert rewards.prediction_of(again.body) == prediction
    assert again.process == pytest.approx(-0.6 * again.spec.to_spec().process.weight)


def nobody(model: RewardModel | None, runs: Sequence[schema.Episode]) -> list[Any]:
    """A scorer that is down; who asks nothing doesn't notice."""
    if runs:
        raise NotReady("nobody is there")
    return []
