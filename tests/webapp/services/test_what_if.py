"""Other weights, another judgement: computed from what is known, kept nowhere."""

import pytest
from django.contrib.auth.models import User

from scoring import rewards
from scoring.schema import Prediction
from tests import factories
from webapp.models import Episode, Project, RewardModel, Score
from webapp.services import stored_scores, what_if
from webapp.services.what_if import Flip

TASK = "Refund order 7."


def judged(project: Project, model: RewardModel, *q: float, solved: bool) -> Episode:
    """A run of the task, scored once by a model that says q."""
    run = factories.an_episode(project, len(q), task=TASK, outcome={"success": solved})
    nothing = (None,) * len(q)
    said = Prediction(q, nothing, nothing, nothing)
    ask = lambda model, runs: [said] * len(runs)  # noqa: E731
    stored_scores.of([run], model=model, spec=project.spec, ask=ask)
    return run


@pytest.fixture
def model(project: Project) -> RewardModel:
    return factories.a_reward_model(project, "champion")


@pytest.fixture
def lucky(project: Project, model: RewardModel) -> Episode:
    return judged(project, model, 0.1, 0.9, 0.9, solved=True)


@pytest.fixture
def honest(project: Project, model: RewardModel) -> Episode:
    return judged(project, model, 0.9, 0.9, 0.9, solved=False)


def ranking(runs: list[what_if.Run]) -> list[Episode]:
    return [run.episode for run in runs]


def test_weights_decide_who_is_first(lucky: Episode, honest: Episode) -> None:
    heavy = rewards.edited(
        rewards.DEFAULT,
        {"/components/final/weight": 0.1, "/components/process/weight": 1.0},
    )

    same = what_if.compare(lucky, rewards.DEFAULT, rewards.DEFAULT)
    turned = what_if.compare(lucky, rewards.DEFAULT, heavy)

    assert ranking(same) == [lucky, honest]
    assert ranking(turned) == [honest, lucky]
    assert [(run.was, run.now) for run in turned] == [(2, 1), (1, 2)]


def test_a_step_judged_otherwise_moves_only_its_run(
    lucky: Episode, honest: Episode
) -> None:
    runs = what_if.compare(lucky, rewards.DEFAULT, rewards.DEFAULT, Flip(0, 1.0))

    changes = {run.episode: run.change for run in runs}
    assert changes[lucky] == pytest.approx(0.2 * 0.8)
    assert changes[honest] == 0
    assert Score.objects.count() == 2


def test_runs_of_other_tasks_and_projects_stay_out(
    lucky: Episode, charlie: User
) -> None:
    factories.an_episode(lucky.project)
    factories.an_episode(charlie.projects.get(), task=TASK)

    assert ranking(what_if.compare(lucky, rewards.DEFAULT, rewards.DEFAULT)) == [lucky]


def test_equals_share_a_place_and_the_unknown_have_none(
    project: Project, honest: Episode, model: RewardModel
) -> None:
    twin = judged(project, model, 0.9, 0.9, 0.9, solved=False)
    unknown = factories.an_episode(project, task=TASK)

    runs = what_if.compare(honest, rewards.DEFAULT, rewards.named("rlhf_t1"))
    places = {run.episode: run.was for run in runs}

    assert places == {honest: 1, twin: 1, unknown: None}
    assert [run.is_judged for run in runs if run.episode == unknown] == [False]


def test_a_flip_beyond_the_end_changes_nothing(lucky: Episode) -> None:
    [run] = what_if.compare(lucky, rewards.DEFAULT, rewards.DEFAULT, Flip(99, 0.0))

    assert run.change == 0
