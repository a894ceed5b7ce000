"""Wrong steps can't be told by where they stand or which words they use."""

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from scoring.arena import Run, generate
from scoring.schema import Step

EASY = 0.85  # AUROC of the -1 class that no trivial baseline may reach


def words(step: Step) -> str:
    calls = (f"{call.name} {call.arguments} {call.result}" for call in step.calls)
    return " ".join((step.observation, step.thought, step.text, *calls))


def step_words(steps: tuple[Step, ...]) -> str:
    return words(steps[-1])


def prefix_words(steps: tuple[Step, ...]) -> str:
    return " ".join(map(words, steps))


def position(steps: tuple[Step, ...]) -> str:
    return f"position{len(steps)}"


@pytest.fixture(scope="module")
def runs() -> list[Run]:
    return list(generate(400, seed=9))


def split(
    runs: list[Run], see
) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """(text, wrong) of every step, a fifth of the tasks held out."""
    parts: tuple[list, list] = ([], [])
    for run in runs:
        part = parts[int(run.episode.group(), 16) % 5 == 0]
        for i, verdict in enumerate(run.verdicts):
            part.append((see(run.episode.steps[: i + 1]), verdict == -1))
    return parts


@pytest.mark.parametrize("see", [position, step_words, prefix_words])
def test_a_trivial_baseline_does_not_solve_the_arena(runs, see):
    train, test = split(runs, see)
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(max_iter=1000),
    )
    model.fit(*zip(*train, strict=True))
    texts, wrong = zip(*test, strict=True)
    assert 0.5 < roc_auc_score(wrong, model.predict_proba(texts)[:, 1]) < EASY
