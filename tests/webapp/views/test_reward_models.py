"""Reward models: compared, promoted, rolled back."""

import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests import factories
from webapp.models import Project, RewardModel
from webapp.models.reward_model import ModelState


def a_card(auroc: float) -> dict[str, Any]:
    numbers = {"steps": 40, "auroc": auroc, "auroc_95": [auroc - 0.1, auroc]}
    words = {"steps": 40, "auroc": 0.6, "auroc_95": [0.5, 0.7]}
    steps = {"prm": numbers, "words": words}
    data = {"sha256": "d" * 64, "counts": {"test": {"tasks": 8}}}
    return {"data": data, "metrics": {"steps": steps}, "seconds": 2.5}


def with_files(project: Project, card: dict[str, Any], **fields: Any) -> RewardModel:
    """A model whose files are on disk and are what the row says."""
    contents = {
        "model.safetensors": b"weights",
        "config.json": json.dumps(card).encode(),
    }
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    identity = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
    model = factories.a_reward_model(project, sha256=identity, card=card, **fields)
    model.directory.mkdir(parents=True, exist_ok=True)
    for name, data in contents.items():
        (model.directory / name).write_bytes(data)
    (model.directory / "manifest.json").write_text(json.dumps(hashes))
    return model


@pytest.fixture
def champion(project: Project) -> RewardModel:
    return with_files(
        project, a_card(0.8), state=ModelState.CHAMPION, promoted_at=timezone.now()
    )


@pytest.fixture
def candidate(project: Project) -> RewardModel:
    return with_files(project, a_card(0.9))


def test_a_card_shows_what_its_social_heads_can_do(
    as_bob: Client, project: Project
) -> None:
    card = a_card(0.9)
    rude = {"episodes": 60, "bad": 20, "auroc": 0.91, "auroc_95": [0.85, 0.96]}
    rude |= {"auroc_words": 0.8, "ece": 0.04, "bar": None, "precision": None}
    card["metrics"]["social"] = {"rude": rude}
    model = factories.a_reward_model(project, card=card)

    page = as_bob.get(f"/reward-models/{model.pk}/").content.decode()

    for text in ("Conduct", "rude", "0.910", "0.850 – 0.960", "never"):
        assert text in page


def test_a_card_stands_beside_the_baselines_and_the_champion(
    as_bob: Client, champion: RewardModel, candidate: RewardModel
) -> None:
    page = as_bob.get(f"/reward-models/{candidate.pk}/")

    auroc, interval = page.context["card"].rows
    assert (auroc.value, auroc.baselines, auroc.other) == (0.9, (0.6,), 0.8)
    assert interval.value == "0.800 – 0.900"
    assert "d" * 64 in page.content.decode()
    assert "40 steps of 8 tasks" in page.content.decode()


def test_a_card_says_who_judged_and_which_head_was_dropped(
    as_bob: Client, project: Project
) -> None:
    card = a_card(0.9)
    card["provenance"] = {"human": 1200, "judge": 30}
    card["metrics"] |= {"threshold": 0.41, "first_error_odds": {"accuracy": 0.27}}
    lost = {"kept": False, "held_out_loss": 0.7123, "base_rate_loss": 0.6931}
    card["heads"] = {"verdict": {"kept": True}, "value": lost}
    model = factories.a_reward_model(project, card=card)

    page = as_bob.get(f"/reward-models/{model.pk}/").content.decode()

    assert "human: 1,200, judge: 30" in page
    for text in ("value head", "dropped: loss 0.712, base rate 0.693"):
        assert text in page
    for text in ("threshold (F1)", "0.410", "log odds (first error)", "0.270"):
        assert text in page
    assert "verdict head" not in page


@pytest.mark.parametrize(
    "nonsense",
    [
        {"provenance": ["human"], "heads": {"value": {"kept": False}}},
        {"provenance": {"human": "many"}, "heads": {"value": 3}},
        {"provenance": {"human": True}, "heads": []},
        {"heads": {"value": {"kept": False, "held_out_loss": "x"}}},
    ],
)
def test_a_strangers_card_may_say_anything(
    nonsense: Any, as_bob: Client, project: Project
) -> None:
    model = factories.a_reward_model(project, card=a_card(0.9) | nonsense)
    assert as_bob.get(f"/reward-models/{model.pk}/").status_code == 200


def test_a_model_without_a_card_is_shown(as_bob: Client, project: Project) -> None:
    model = factories.a_reward_model(project)

    page = as_bob.get(f"/reward-models/{model.pk}/").content.decode()

    assert "without a card" in page


def test_promoting_asks_first_then_swaps(
    as_alice: Client, champion: RewardModel, candidate: RewardModel
) -> None:
    path = f"/reward-models/{candidate.pk}/promote/"
    assert f"the place of v{champion.version}" in as_alice.get(path).content.decode()

    as_alice.post(path)

    states = dict(RewardModel.objects.values_list("pk", "state"))
    assert states == {champion.pk: "retired", candidate.pk: "champion"}


def test_a_failed_audit_is_shown_and_overridden_with_a_reason(
    as_alice: Client, candidate: RewardModel
) -> None:
    example = {"run": "run-7", "value": 0.5}
    check = {"id": "A1", "title": "Padding", "statistic": "gain", "value": 0.5}
    check |= {"hard": True, "status": "fail", "bar": "≤ 0", "examples": [example]}
    candidate.audit = {"spec": {"id": "default@1"}, "runs": 9, "checks": [check]}
    candidate.save()
    path = f"/reward-models/{candidate.pk}/"
    assert "run-7" in as_alice.get(path).content.decode()
    assert "failed A1" in as_alice.get(f"{path}promote/").content.decode()

    assert as_alice.post(f"{path}promote/").status_code == 409
    as_alice.post(f"{path}promote/", {"override": "a test ride"})

    assert "a test ride" in as_alice.get(path).content.decode()


def test_rolling_back_brings_the_earlier_champion_back(
    as_alice: Client, project: Project, champion: RewardModel, candidate: RewardModel
) -> None:
    as_alice.post(f"/reward-models/{candidate.pk}/promote/")

    as_alice.post(f"/projects/{project.slug}/models/roll-back/")

    champion.refresh_from_db()
    assert champion.state == "champion"


def test_nothing_to_roll_back_to_is_said(
    as_alice: Client, project: Project, champion: RewardModel
) -> None:
    page = as_alice.post(f"/projects/{project.slug}/models/roll-back/")

    assert page.status_code == 422
    assert "no earlier champion" in page.content.decode()


def test_a_model_whose_files_are_gone_is_not_promoted(
    as_alice: Client, project: Project
) -> None:
    model = factories.a_reward_model(project)

    page = as_alice.post(f"/reward-models/{model.pk}/promote/")

    assert page.status_code == 422
    assert "missing or damaged" in page.content.decode()


def test_annotators_do_not_promote(as_bob: Client, candidate: RewardModel) -> None:
    assert (
        "Promote" not in as_bob.get(f"/reward-models/{candidate.pk}/").content.decode()
    )
    assert as_bob.post(f"/reward-models/{candidate.pk}/promote/").status_code == 404


def test_strangers_see_no_model(as_charlie: Client, candidate: RewardModel) -> None:
    assert as_charlie.get(f"/reward-models/{candidate.pk}/").status_code == 404


def test_the_list_is_of_the_project_alone(
    as_bob: Client, project: Project, candidate: RewardModel
) -> None:
    other = factories.a_project(owner=User.objects.get(username="alice"))
    factories.a_reward_model(other)

    page = as_bob.get(f"/projects/{project.slug}/models/")

    assert [model for model, _ in page.context["models"]] == [candidate]


def test_a_card_is_only_read(as_alice: Client, candidate: RewardModel) -> None:
    assert as_alice.post(f"/reward-models/{candidate.pk}/").status_code == 405
