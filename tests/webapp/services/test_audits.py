"""Audits of stored models: of unseen runs, kept, and in the way of a promotion."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from scoring.errors import NotEnoughLabels
from tests import factories
from tests.webapp.conftest import Trained
from webapp.errors import Blocked
from webapp.models import Evaluation, Project, RewardModel
from webapp.models.evaluation import TEST
from webapp.services import audits, gates, reward_models, snapshots


@pytest.fixture
def candidate(alice: User, trained: Trained) -> RewardModel:
    project = factories.a_labelled_project(alice)
    return factories.a_reward_model(project, sha256=trained.sha256)


def failing(model: RewardModel, **fields: Any) -> RewardModel:
    """The row of a model whose audit failed one hard bar and one soft one."""
    row = {"title": "", "statistic": "", "value": 1.0, "bar": "≤ 0", "cases": 1}
    hard = {**row, "id": "A2", "hard": True, "status": "fail", "examples": []}
    soft = {**row, "id": "A7", "hard": False, "status": "fail", "examples": []}
    model.audit = {"spec": {"id": "default@1.0.0"}, "runs": 1, "checks": [hard, soft]}
    model.save()
    return model


def engine(model: RewardModel) -> Any:
    """The model at hand, without a scorer."""
    from scoring.prm import backbone
    from scoring.prm.engine import Engine

    loaded = Engine(backbone.tiny())
    return lambda runs: loaded.predict(runs, loaded.load(model.directory))


def test_an_audit_reads_unseen_runs_only_and_is_kept(candidate: RewardModel) -> None:
    planned: list[int] = []
    asked: list[int] = []
    predict = engine(candidate)

    def ask(runs: Any) -> Any:
        asked.append(len(runs))
        return predict(runs)

    checks = audits.run(
        candidate, spec=candidate.project.spec, predict=ask, plan=planned.append
    )

    candidate.refresh_from_db()
    kept = candidate.audit
    assert [check["id"] for check in kept["checks"]] == [check.id for check in checks]
    sides = list(snapshots.take(candidate.project, user=None).splits.values())
    assert kept["runs"] == sides.count("test")
    assert kept["spec"]["sha256"] == candidate.project.spec.sha256
    assert planned == [sum(asked)]
    assert {c.id: c.status for c in checks if c.id in ("A1", "A2", "A3", "A15")} == (
        dict.fromkeys(("A1", "A2", "A3", "A15"), "pass")
    )


def test_an_audit_under_way_is_not_started_again(
    candidate: RewardModel, alice: User
) -> None:
    job = audits.request(candidate, user=alice)
    assert audits.request(candidate, user=alice) == job
    job.claim()
    job.finish("done")
    candidate.refresh_from_db()
    assert audits.request(candidate, user=alice) != job


def test_a_model_nobody_has_runs_for_is_not_audited(project: Project) -> None:
    model = factories.a_reward_model(project)
    with pytest.raises(NotEnoughLabels):
        audits.run(model, spec=project.spec, predict=engine(model), plan=print)


@pytest.mark.parametrize("is_running", [True, False])
def test_a_model_never_audited_stands_in_its_own_way(
    candidate: RewardModel, is_running: bool
) -> None:
    RewardModel.objects.update(audit={})
    candidate.refresh_from_db()
    if is_running:
        audits.request(candidate, user=None)
    told = "being audited just now" if is_running else "never audited"
    with pytest.raises(Blocked, match=told):
        reward_models.promote(candidate, user=None)
    reward_models.promote(candidate, user=None, override="we are in a hurry")
    candidate.refresh_from_db()
    assert candidate.override["objections"][0]["code"] == "not-audited"


def worse(model: RewardModel, champion: RewardModel, high: float) -> RewardModel:
    """The row of a model that was measured beside the champion."""
    beside = {"sha256": champion.sha256, "steps": 90, "difference": -0.2}
    Evaluation.objects.create(
        reward_model=model,
        source=TEST,
        data_sha256="e" * 64,
        results={"against": {**beside, "interval": [-0.3, high]}},
    )
    return model


def test_a_model_worse_than_the_champion_needs_a_reason(
    candidate: RewardModel,
) -> None:
    champion = factories.a_reward_model(candidate.project, "champion")
    with pytest.raises(Blocked, match=r"AUROC is 0\.200 lower on the 90 steps"):
        reward_models.promote(worse(candidate, champion, -0.1), user=None)


def test_worse_by_chance_is_no_objection(candidate: RewardModel) -> None:
    champion = factories.a_reward_model(candidate.project, "champion")
    assert gates.objections(worse(candidate, champion, 0.01)) == []


def test_worse_than_a_champion_of_the_past_is_no_objection(
    candidate: RewardModel,
) -> None:
    past = factories.a_reward_model(candidate.project, "retired")
    assert gates.objections(worse(candidate, past, -0.1)) == []


def test_a_failed_hard_bar_stands_in_the_way(candidate: RewardModel) -> None:
    with pytest.raises(Blocked, match=r"failed A2\. Give a reason") as refused:
        reward_models.promote(failing(candidate), user=None, override="  ")
    [objection] = refused.value.extra["objections"]
    assert objection["code"] == "failed-bars"
    assert reward_models.champion(candidate.project) is None


def test_an_override_is_recorded_with_its_reason(
    candidate: RewardModel, alice: User
) -> None:
    reward_models.promote(failing(candidate), user=alice, override="a test ride")

    candidate.refresh_from_db()
    assert candidate.state == "champion"
    kept = candidate.override
    assert (kept["reason"], kept["by"]) == ("a test ride", "alice")
    assert [found["code"] for found in kept["objections"]] == ["failed-bars"]


def test_nothing_is_overridden_where_nothing_failed(candidate: RewardModel) -> None:
    reward_models.promote(candidate, user=None, override="just in case")

    candidate.refresh_from_db()
    assert (candidate.state, candidate.override) == ("champion", {})
