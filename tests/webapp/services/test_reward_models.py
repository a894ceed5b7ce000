"""Reward models: promoted when their files are whole, rolled back at a click."""

import copy
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import TestCase

from tests import factories
from tests.webapp.conftest import Trained
from webapp.errors import Invalid
from webapp.models import Project, RewardModel
from webapp.services import reward_models


@pytest.fixture
def candidates(project: Project, trained: Trained) -> list[RewardModel]:
    """Three versions of the same files."""
    return [
        factories.a_reward_model(project, version=version, sha256=trained.sha256)
        for version in (1, 2, 3)
    ]


def crown(model: RewardModel) -> None:
    """Promote as a request does, whose transaction is committed at its end."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        reward_models.promote(model, user=None)


def champion(project: Project) -> int | None:
    found = reward_models.champion(project)
    return found and found.version


def test_a_promoted_model_replaces_the_champion(
    project: Project, candidates: list[RewardModel]
) -> None:
    assert champion(project) is None
    for model in candidates[:2]:
        reward_models.promote(model, user=None)

    states = project.reward_models.order_by("version").values_list("state", flat=True)
    assert list(states) == ["retired", "champion", "candidate"]


def test_a_promotion_has_the_stored_episodes_scored_anew(
    project: Project, candidates: list[RewardModel]
) -> None:
    reward_models.promote(candidates[0], user=None)
    reward_models.promote(reward_models.find(project, "champion"), user=None)

    assert project.jobs.get().kind == "score"


def test_nobody_waits_for_the_scores_of_a_champion_that_was_replaced(
    project: Project, candidates: list[RewardModel]
) -> None:
    for model in candidates[:2]:
        reward_models.promote(model, user=None)

    jobs = project.jobs.order_by("created_at")
    assert [job.state for job in jobs] == ["cancelled", "queued"]
    assert [job.input["model"] for job in jobs] == [m.pk for m in candidates[:2]]


def test_roll_back_walks_through_the_earlier_champions(
    project: Project, candidates: list[RewardModel]
) -> None:
    for model in candidates:
        reward_models.promote(model, user=None)

    seen = [reward_models.roll_back(project, user=None).version for _ in range(2)]

    assert seen == [2, 1]
    with pytest.raises(Invalid, match="no earlier champion"):
        reward_models.roll_back(project, user=None)


def test_who_serves_is_remembered_until_another_is_promoted(
    project: Project,
    candidates: list[RewardModel],
    live_broker: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    settings.TOKEN_CACHE_SECONDS = 60
    crown(candidates[0])
    assert reward_models.serving(project) == candidates[0]
    with django_assert_num_queries(0):
        assert reward_models.serving(project) == candidates[0]

    # what another process has in its memory when this one promotes
    theirs = copy.deepcopy(reward_models._serving)
    crown(candidates[1])
    assert reward_models.serving(project) == candidates[1]
    monkeypatch.setattr(reward_models, "_serving", theirs)
    assert reward_models.serving(project) == candidates[1]


def test_who_serves_is_known_without_a_broker(
    project: Project, candidates: list[RewardModel], settings: Any
) -> None:
    settings.TOKEN_CACHE_SECONDS = 60
    assert reward_models.serving(project) is None
    for model in candidates[:2]:
        crown(model)
        assert reward_models.serving(project) == model


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "card.json"])
def test_a_changed_file_is_not_promoted(
    project: Project, trained: Trained, name: str
) -> None:
    copy = _copy(trained)
    (copy / name).write_bytes((copy / name).read_bytes()[:-1] + b" ")
    model = factories.a_reward_model(project, sha256=copy.name)

    with pytest.raises(Invalid, match="aren't those that were trained"):
        reward_models.promote(model, user=None)
    assert champion(project) is None


def test_a_model_without_files_is_not_promoted(project: Project) -> None:
    model = factories.a_reward_model(project)

    with pytest.raises(Invalid, match="missing"):
        reward_models.promote(model, user=None)


def test_the_warm_up_reaches_the_scorer_after_the_commit(
    candidates: list[RewardModel], django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:  # type: ignore[operator]
        reward_models.promote(candidates[0], user=None)

    # told to every web process, the scorer warmed, the stored episodes scored anew
    assert len(callbacks) == 3


@pytest.mark.parametrize("name", ["champion", "v2", "2", "{sha256}", "{sha256:.12}"])
def test_a_model_is_found_by_any_of_its_names(project: Project, name: str) -> None:
    model = factories.a_reward_model(
        project, "champion", version=2, sha256="abcdef0123456789" * 4
    )

    assert reward_models.find(project, name.format(sha256=model.sha256)) == model


@pytest.mark.parametrize("name", ["v9", "champions", "abc", "v" * 500, "", "1e3", "٣"])
def test_no_such_model_is_said(project: Project, name: str) -> None:
    factories.a_reward_model(project, version=3)

    with pytest.raises(Invalid):
        reward_models.find(project, name)


def test_another_projects_model_is_not_found(project: Project) -> None:
    factories.a_reward_model(factories.a_project(), version=77)

    with pytest.raises(Invalid):
        reward_models.find(project, "v77")


def _copy(trained: Trained) -> Path:
    models = settings.DATA_DIR / "models"
    target = models / ("f" * 64)
    shutil.copytree(models / trained.sha256, target, dirs_exist_ok=True)
    return target
