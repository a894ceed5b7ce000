"""Audits of stored models: of unseen runs, kept, and in the way of a promotion."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from scoring.errors import NotEnoughLabels
from tests import factories
from tests.webapp.conftest import Trained
from webapp.errors import Invalid
from webapp.models import Project, RewardModel
from webapp.services import audits, reward_models, snapshots


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


@pytest.mark.usefixtures("scorer")
def test_an_audit_reads_unseen_runs_only_and_is_kept(candidate: RewardModel) -> None:
    said: list[str] = []

    checks = audits.run(candidate, spec=candidate.project.spec, say=said.append)

    candidate.refresh_from_db()
    kept = candidate.audit
    assert [check["id"] for check in kept["checks"]] == [check.id for check in checks]
    sides = list(snapshots.take(candidate.project, user=None).splits.values())
    assert kept["runs"] == sides.count("test")
    assert kept["spec"]["sha256"] == candidate.project.spec.sha256
    assert "runs asked about" in said[-1]
    assert {c.id: c.status for c in checks if c.id in ("A1", "A2", "A3", "A15")} == (
        dict.fromkeys(("A1", "A2", "A3", "A15"), "pass")
    )


def test_a_model_nobody_has_runs_for_is_not_audited(project: Project) -> None:
    model = factories.a_reward_model(project)
    with pytest.raises(NotEnoughLabels):
        audits.run(model, spec=project.spec, say=print)


def test_a_failed_hard_bar_stands_in_the_way(candidate: RewardModel) -> None:
    with pytest.raises(Invalid, match=r"failed A2: give a reason"):
        reward_models.promote(failing(candidate), user=None, override="  ")
    assert reward_models.champion(candidate.project) is None


def test_an_override_is_recorded_with_its_reason(
    candidate: RewardModel, alice: User
) -> None:
    reward_models.promote(failing(candidate), user=alice, override="a test ride")

    candidate.refresh_from_db()
    assert candidate.state == "champion"
    kept = candidate.override
    assert (kept["reason"], kept["bars"], kept["by"]) == (
        "a test ride",
        ["A2"],
        "alice",
    )


def test_nothing_is_overridden_where_nothing_failed(candidate: RewardModel) -> None:
    reward_models.promote(candidate, user=None, override="just in case")

    candidate.refresh_from_db()
    assert (candidate.state, candidate.override) == ("champion", {})
