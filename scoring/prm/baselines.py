"""What a reward model must beat to have learnt anything.

Each reads what is cheap to read of a step and nothing after it: nothing at all, where
it stands, how long it is, which words it is made of.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.prm.encode import own_words
from scoring.prm.examples import Example
from scoring.schema import VERDICTS

NAMES = ("always_right", "position", "length", "bag_of_words")

Probabilities = NDArray[np.float64]  # [steps, 3], over VERDICTS


def predict(
    train: Sequence[Example], others: Sequence[Example]
) -> Mapping[str, list[Probabilities]]:
    """Fit every baseline on `train`; for each, one array an episode of `others`."""
    return {name: _predict(name, train, others) for name in NAMES}


def conduct(
    axis: str, train: Sequence[Example], others: Sequence[Example]
) -> list[float]:
    """P(bad) of whole runs by a bag of their words, fitted on what was said of `train`
    runs; those called half bad are left out."""
    answered = [e for e in train if e.social.get(axis, 0.5) != 0.5]
    bad = [e.social[axis] > 0.5 for e in answered]
    if len(set(bad)) < 2 or not others:
        return [sum(bad) / len(bad) if bad else 0.5] * len(others)
    model = _model("bag_of_words").fit([_run(e) for e in answered], bad)
    found: list[float] = model.predict_proba([_run(e) for e in others])[:, 1].tolist()
    return found


def _run(example: Example) -> tuple[int, str]:
    return 0, "\n".join(text for _, text in _rows(example))


def _predict(
    name: str, train: Sequence[Example], others: Sequence[Example]
) -> list[Probabilities]:
    lengths = [len(example.episode.steps) for example in others]
    if name == "always_right":
        return [np.tile([0.0, 0.0, 1.0], (length, 1)) for length in lengths]
    rows, verdicts = _judged(train)
    model = _model(name).fit(rows, verdicts)
    flat = model.predict_proba([row for e in others for row in _rows(e)])
    spread = np.zeros((len(flat), len(VERDICTS)))
    spread[:, [VERDICTS.index(v) for v in model.classes_]] = flat
    return np.split(spread, np.cumsum(lengths)[:-1])


def _model(name: str) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    regression = LogisticRegression(max_iter=1000)
    if name == "bag_of_words":
        words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
        return make_pipeline(FunctionTransformer(_texts), words, regression)
    columns = FunctionTransformer({"position": _positions, "length": _lengths}[name])
    return make_pipeline(columns, StandardScaler(), regression)


def _judged(train: Sequence[Example]) -> tuple[list[tuple[int, str]], list[int]]:
    rows, verdicts = list[tuple[int, str]](), list[int]()
    for example in train:
        for row, verdict in zip(_rows(example), example.verdicts, strict=True):
            if verdict is not None:
                rows.append(row)
                verdicts.append(verdict)
    return rows, verdicts


def _rows(example: Example) -> list[tuple[int, str]]:
    # a step of symbols alone must still have a word, or the vocabulary may be empty
    steps = example.episode.steps
    return [(step.index, f"step {own_words(step)}") for step in steps]


def _texts(rows: Sequence[tuple[int, str]]) -> list[str]:
    return [text for _, text in rows]


def _positions(rows: Sequence[tuple[int, str]]) -> Probabilities:
    return np.array([[index, np.log1p(index), index == 0] for index, _ in rows], float)


def _lengths(rows: Sequence[tuple[int, str]]) -> Probabilities:
    return np.array([[len(text), np.log1p(len(text))] for _, text in rows], float)
