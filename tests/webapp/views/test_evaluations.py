"""A model's evaluation: drawings, the steps behind a confusion, two models compared."""

import io
from typing import Any

import pytest
from django.test import Client

from tests import factories
from webapp.models import Evaluation, Project, RewardModel
from webapp.models.evaluation import TEST
from webapp.services import evaluations
from webapp.services.evaluations import Said

METRICS = {"steps": 3, "auroc": 0.9, "auroc_95": [0.8, 0.95], "by_kind": {"tool": 1}}
PART = {"steps": 3, "wrong": 1, "auroc": 0.9, "accuracy": 0.5, "ece": 0.1}
RESULTS: dict[str, Any] = {
    "steps": {"prm": METRICS, "position": {"steps": 3, "auroc": 0.6}},
    "threshold": 0.4,
    "confusion": {
        "-1": {"-1": 1, "0": 0, "1": 1},
        "0": {"-1": 0, "0": 0, "1": 0},
        "1": {"-1": 0, "0": 0, "1": 1},
    },
    "breakdown": {
        "reliability": [
            {"q": 0.2, "not_wrong": 0.1, "steps": 2},
            {"q": 0.9, "not_wrong": 1.0, "steps": 1},
        ],
        "abstention": {"confidence": 0.8, "curve": [[0.5, 0.0], [1.0, 0.33]]},
        "by": {"kind": {"tool": PART}},
        "minimum": {"episodes": 4, "on_last": 0.5, "faulty": 2, "on_first_error": 0.5},
        "false_positive_rate": 0.25,
    },
    "best_of_n": [
        {"n": n, "tasks": 4, "kl": 0, "chosen": 0.6, "random": 0.5, "oracle": 0.9}
        for n in (1, 2)
    ],
    "against": None,
}


def measured(
    model: RewardModel, project: Project, *rows: tuple[int, int, float]
) -> Evaluation:
    """An evaluation whose steps are those of the project's first episode."""
    episode = project.episodes.earliest("pk")
    said = [Said(episode.pk, i, *row, q_std=0.1) for i, row in enumerate(rows)]
    return evaluations.keep(
        model, source=TEST, data_sha256="d" * 64, results=RESULTS, said=said
    )


@pytest.fixture
def model(project: Project, episode: Any) -> RewardModel:
    model = factories.a_reward_model(project)
    measured(model, project, (-1, 1, 0.8), (1, 1, 0.9), (-1, -1, 0.1))
    return model


def test_everything_that_was_measured_is_drawn(
    as_bob: Client, model: RewardModel
) -> None:
    page = as_bob.get(f"/reward-models/{model.pk}/evaluation/")

    text = page.content.decode()
    assert page.context["card"].rows[0].value == 0.9
    for part in ("Can q be believed?", "abstaining", "Best of n", "chosen by lowest q"):
        assert part in text, part
    assert text.count("<svg") == 3
    assert "by kind" not in text
    assert "verdict=-1&amp;predicted=1" in text


def test_a_cell_leads_to_its_steps_and_they_to_the_workspace(
    as_bob: Client, model: RewardModel, episode: Any
) -> None:
    cell = f"/reward-models/{model.pk}/evaluation/steps/?verdict=-1&predicted=1"

    page = as_bob.get(cell)

    [row] = page.context["page"]
    assert (row.verdict, row.predicted, row.q) == (-1, 1, 0.8)
    link = f"/episodes/{episode.pk}/?step={row.step.index}#step-{row.step.index}"
    assert link in page.content.decode()
    nobody = as_bob.get(cell.replace("predicted=1", "predicted=0"))
    assert "No step here" in nobody.content.decode()


def test_two_models_differ_where_their_verdicts_do(
    as_bob: Client, project: Project, model: RewardModel
) -> None:
    other = factories.a_reward_model(project)
    measured(other, project, (-1, -1, 0.2), (1, 1, 0.95))

    page = as_bob.get(f"/reward-models/{model.pk}/compare/{other.pk}/")

    [flip] = page.context["page"]
    assert (flip.predicted, flip.theirs, flip.their_q) == (1, -1, 0.2)
    assert page.context["shared"] == 2


def test_the_champion_it_was_measured_beside_is_told(
    as_bob: Client, model: RewardModel
) -> None:
    beside = {"model": "v1", "sha256": "c" * 64, "steps": 3, "auroc": 0.9}
    beside |= {"their_auroc": 0.7, "difference": 0.2, "interval": [0.1, 0.3]}
    Evaluation.objects.update(results={**RESULTS, "against": beside})

    page = as_bob.get(f"/reward-models/{model.pk}/evaluation/").content.decode()

    assert "AUROC 0.900 against 0.700" in page
    assert "+0.10 to +0.30" in page


def test_an_evaluation_of_few_numbers_is_shown_all_the_same(
    as_bob: Client, model: RewardModel
) -> None:
    few = {"steps": {"prm": {"steps": 0, "auroc": None}}, "breakdown": None}
    Evaluation.objects.update(results=few)

    page = as_bob.get(f"/reward-models/{model.pk}/evaluation/")

    assert page.status_code == 200
    assert "two or more unseen runs" in page.content.decode()


def test_a_model_that_was_never_measured_says_what_to_do(
    as_bob: Client, project: Project, model: RewardModel
) -> None:
    fresh = factories.a_reward_model(project)

    page = as_bob.get(f"/reward-models/{fresh.pk}/evaluation/").content.decode()
    beside = as_bob.get(f"/reward-models/{fresh.pk}/compare/{model.pk}/")

    assert "Not measured yet" in page
    assert "never measured" in beside.content.decode()


def test_the_learning_curve_needs_two_sizes(as_bob: Client, project: Project) -> None:
    for labels in (100, 200):
        counts = {"train": {"wrong": labels // 2, "neutral": 0, "right": labels // 2}}
        card = {"data": {"counts": counts}, "metrics": {"steps": {"prm": METRICS}}}
        model = factories.a_reward_model(project, card=card)
    factories.an_episode(project)
    measured(model, project)

    page = as_bob.get(f"/reward-models/{model.pk}/evaluation/")

    [series] = page.context["learning"].series
    assert [dot.label.split(": ")[1] for dot in series.dots] == [
        "100 labelled steps, AUROC 0.900",
        "200 labelled steps, AUROC 0.900",
    ]


def test_a_file_is_measured_on(as_alice: Client, model: RewardModel) -> None:
    file = io.BytesIO(b'{"task": "x", "steps": [{"text": "y"}]}\n')
    file.name = "held-out.jsonl"

    answer = as_alice.post(f"/reward-models/{model.pk}/evaluation/", {"file": file})

    job = model.project.jobs.get(kind="evaluate")
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    assert (job.input["name"], job.input["model"]) == ("held-out.jsonl", model.pk)

    # until it is over the job has a page, then what came of it
    page = as_alice.get(f"/jobs/{job.pk}/").content.decode()
    assert "held-out.jsonl" in page
    assert f'hx-get="/jobs/{job.pk}/"' in page
    job.state, job.error = "failed", "no labelled step in held-out.jsonl"
    job.save()
    assert job.error in as_alice.get(f"/jobs/{job.pk}/").content.decode()
    job.state, job.error, job.result = "done", "", {"evaluation": 7}
    job.save()
    told = as_alice.get(f"/jobs/{job.pk}/")
    assert told.headers["Location"] == f"/reward-models/{model.pk}/evaluation/?on=7"


def test_annotators_look_and_start_nothing(as_bob: Client, model: RewardModel) -> None:
    path = f"/reward-models/{model.pk}/evaluation/"
    assert "Measure it on other data" not in as_bob.get(path).content.decode()
    posted = as_bob.post(path, {"file": io.BytesIO(b"x")})
    assert posted.status_code == 404


@pytest.mark.parametrize("page", ["evaluation/", "evaluation/steps/", "compare/{}/"])
def test_strangers_see_nothing(
    as_charlie: Client, model: RewardModel, page: str
) -> None:
    path = f"/reward-models/{model.pk}/{page.format(model.pk)}"
    assert as_charlie.get(path).status_code == 404


@pytest.mark.parametrize("on", ["0", "9" * 30, "x", "-1"])
def test_an_evaluation_that_is_not_there(
    as_bob: Client, model: RewardModel, on: str
) -> None:
    page = as_bob.get(f"/reward-models/{model.pk}/evaluation/", {"on": on})
    assert page.status_code in (200, 404)


def test_steps_are_only_read(as_alice: Client, model: RewardModel) -> None:
    path = f"/reward-models/{model.pk}/evaluation/steps/"
    assert as_alice.post(path).status_code == 405
