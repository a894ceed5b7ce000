"""The reward of an episode, cell by cell."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from scoring import rewards
from scoring.detection import Detection, Detector
from scoring.schema import Prediction
from tests import factories
from tests.webapp.views import payloads
from webapp.models import Episode, Project, RewardSpec, Score
from webapp.services import reward_specs, scores
from webapp.templatetags.pacenote import signed

OUTCOME = {"success": True}


@pytest.fixture
def solved(project: Project) -> Episode:
    return factories.an_episode(project, steps=4, outcome=OUTCOME)


def test_the_cells_of_the_table_sum_to_the_total(
    as_bob: Client, bob: User, solved: Episode
) -> None:
    factories.a_label(solved, bob, 0.75, axis="preference", step=None)
    score = scores.store(solved, spec="rlhf_t1")

    page = as_bob.get(f"/episodes/{solved.pk}/reward/")

    families = page.context["families"]
    cells = [row.step["rewards"] for row in page.context["page"]]
    assert {f["name"] for f in families} == set(cells[0])
    for family in families:
        column = sum(row[family["name"]] for row in cells)
        assert column == pytest.approx(family["weighted"])
    assert sum(f["weighted"] for f in families) == pytest.approx(score.total)
    assert page.context["rows"][-1].so_far == pytest.approx(score.total)
    assert signed(score.total) in page.content.decode()


def test_a_cell_says_how_it_came_about(
    as_bob: Client, bob: User, solved: Episode
) -> None:
    factories.a_label(solved, bob, 0.75, axis="preference", step=None)
    scores.store(solved, spec="rlhf_t1")

    page = as_bob.get(f"/episodes/{solved.pk}/reward/").content.decode()

    formula = "1 × 0.5; min(2 P(preferred) − 1, tone)"
    # in the table, and in the title of its bar
    assert page.count(formula) == 2


def test_what_a_head_of_the_model_detected_is_shown_with_its_words(
    as_bob: Client, solved: Episode
) -> None:
    steps: list[Detection | None] = [None] * 4
    steps[3] = Detection(0.97, "/steps/3/text", 0, 6)
    heads = {"rude": Detector(tuple(steps), bar=0.9)}
    nothing = (None,) * 4
    said = Prediction(nothing, nothing, nothing, nothing, social=heads)
    score = scores.store(solved, spec="rlhf_t1")
    score.body = rewards.score(solved.to_schema(), said, rewards.named("rlhf_t1"))
    score.save()

    page = as_bob.get(f"/episodes/{solved.pk}/reward/").content.decode()

    assert "a head of the model" in page
    assert "<mark>Record</mark>" in page
    assert "0.970" in page


def test_any_kept_score_can_be_looked_at_again(as_bob: Client, solved: Episode) -> None:
    first = scores.store(solved, spec="rlhf_t1")
    scores.store(solved, spec=by_outcome().sha256)
    at = f"/episodes/{solved.pk}/reward/"

    assert as_bob.get(at).context["score"].spec.name == "by_outcome"
    assert as_bob.get(f"{at}?score={first.pk}").context["score"] == first
    assert as_bob.get(f"{at}?score=x").context["score"].spec.name == "by_outcome"


def test_one_chooses_what_to_score_by(as_bob: Client, solved: Episode) -> None:
    at = f"/episodes/{solved.pk}/reward/"

    page = as_bob.post(at, {"spec": "rlhf_t1@1.0.0"}, follow=True)
    refused = as_bob.post(at, {"spec": "nobody"})

    assert page.context["score"].spec.name == "rlhf_t1"
    assert refused.status_code == 422


def test_a_violation_shows_its_evidence_and_its_step(
    as_bob: Client, project: Project
) -> None:
    call = {"name": "shell", "arguments": {"cmd": "cd / && rm -rf / --force"}}
    steps = [{"text": "Hello."}, {"calls": [call]}]
    episode = payloads.stored(project, task="t", steps=steps, outcome=OUTCOME)
    scores.store(episode, spec=by_outcome().sha256)

    page = as_bob.get(f"/episodes/{episode.pk}/reward/")

    [found] = page.context["evidence"]
    assert "rm -rf /" in found.hit
    assert found.before == "cd / && "
    assert '?step=1#step-1">2</a>' in page.content.decode()


def by_outcome() -> RewardSpec:
    """A spec by which no model has a say."""
    values = {"/id": "reward/by_outcome", "/components/process/weight": 0}
    return reward_specs.store(rewards.edited(rewards.DEFAULT, values))


def test_spec_and_model_are_named_by_their_hash(
    as_bob: Client, solved: Episode
) -> None:
    score = scores.store(solved, spec="rlhf_t1")

    page = as_bob.get(f"/episodes/{solved.pk}/reward/").content.decode()

    assert score.spec.sha256 in page
    assert "none had a say" in page


def test_an_episode_without_a_score_offers_one(as_bob: Client, solved: Episode) -> None:
    page = as_bob.get(f"/episodes/{solved.pk}/reward/").content.decode()

    assert "Score this episode" in page


def test_scoring_without_a_model_says_what_to_do(
    as_bob: Client, solved: Episode
) -> None:
    page = as_bob.post(f"/episodes/{solved.pk}/reward/", follow=True)

    assert "train one and promote it" in page.content.decode()
    assert not Score.objects.exists()


def test_the_bars_of_a_long_episode_stand_for_many_steps(
    as_bob: Client, project: Project
) -> None:
    episode = factories.an_episode(project, steps=1_000, outcome=OUTCOME)
    scores.store(episode, spec="rlhf_t1")

    page = as_bob.get(f"/episodes/{episode.pk}/reward/")

    assert page.context["bars"].steps_a_bar == 3
    assert page.context["page"].paginator.num_pages == 2


def test_strangers_see_no_reward(as_charlie: Client, solved: Episode) -> None:
    assert as_charlie.get(f"/episodes/{solved.pk}/reward/").status_code == 404
    assert as_charlie.post(f"/episodes/{solved.pk}/reward/").status_code == 404


def test_only_reading_and_scoring(as_bob: Client, solved: Episode) -> None:
    assert as_bob.put(f"/episodes/{solved.pk}/reward/").status_code == 405


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.25, "+0.2500"), (-0.6, "−0.6000"), (0.0, "0"), (1e-6, "≈ 0"), (None, "–")],
)
def test_a_reward_shows_its_sign(value: float | None, text: str) -> None:
    assert signed(value) == text
