"""Is it rude, abusive, private, harmful? Linear heads on the frozen trunk.

    python -m benchmarks.social convabuse politeness_wiki

pools the trunk's states over the judged text (its mean and its last token), fits a
logistic regression and prints its AUROC beside a bag of words on the same five folds by
task. In stepshield the whole run is judged: its steps are averaged.
"""

import argparse
import gzip
import json
import os
import random
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import labels
from scoring.prm import backbone
from scoring.prm.encode import encode, own_words
from scoring.schema import Episode, Step

EPISODES = 400
FOLDS = 5
MAX_TOKENS = 4096
PENALTIES = [1e-4, 1e-3, 1e-2, 1e-1]
SOURCES = (
    *("politeness_wiki", "convabuse", "surge_toxicity"),
    *("presidio_pii", "hh_harmless", "stepshield"),
)


def main() -> None:
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    trunk = backbone.load(None, Path(os.environ.get("PACENOTE_DATA", "var")))
    for source in arguments.sources:
        episodes, bad, groups = sample(source, arguments.episodes)
        texts = ["\n".join(map(own_words, episode.steps)) for episode in episodes]
        states = np.stack([pooled(episode, trunk) for episode in episodes])
        words = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32),
            _regression([0.1, 1.0, 10.0]),
        )
        head = make_pipeline(StandardScaler(), _regression(PENALTIES))
        print(
            f"{source}: {len(bad)} episodes, {np.mean(bad):.2f} bad, AUROC"
            f" head {_cell(_aurocs(head, states, bad, groups))}"
            f" bag of words {_cell(_aurocs(words, np.array(texts), bad, groups))}",
            flush=True,
        )


def sample(
    source: str, limit: int
) -> tuple[list[Episode], NDArray[np.bool_], list[str]]:
    """At most `limit` episodes of a source, the same ones every time; which of them
    are bad, and the groups to split them by."""
    rows = [row for row in _rows(source) if _is_judged(row)]
    random.Random(0).shuffle(rows)
    rows = rows[:limit]
    read = _run if source == "stepshield" else _judged
    bad = np.array([row["social"]["bad"] == 1 for row in rows])
    return list(map(read, rows)), bad, [row["meta"]["group"] for row in rows]


def pooled(episode: Episode, trunk: backbone.Trunk) -> NDArray[np.float32]:
    """[2 d]: mean and last state of each step's own tokens, averaged over steps."""
    encoded = encode(episode, trunk.tokenizer, MAX_TOKENS)
    states = trunk.hidden(encoded.token_ids).float()
    views = [
        torch.cat([states[slice(*span)].mean(0), states[span[1] - 1]])
        for span in encoded.spans
        if span
    ]
    return torch.stack(views).mean(0).numpy()


def _rows(source: str) -> Iterator[dict[str, Any]]:
    path = labels.SHARED / f"{source}.dev.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _is_judged(row: dict[str, Any]) -> bool:
    # a reply may be empty: there is nothing to read of it
    return row["social"]["bad"] is not None and bool(_words(row["steps"][-1]))


def _judged(row: dict[str, Any]) -> Episode:
    """The last turn as a step, whoever said it; the turns before are what it saw."""
    *before, last = map(_words, row["steps"])
    step = Step(index=0, text=last, observation="\n".join(before))
    return Episode(task=row["task"], steps=(step,))


def _words(turn: dict[str, Any]) -> str:
    kinds = ("thought", "action", "observation")
    return "\n".join(turn[kind] for kind in kinds if turn.get(kind))


def _run(row: dict[str, Any]) -> Episode:
    episode, _, _ = labels.labelled(row)
    return episode


def _regression(penalties: list[float]) -> LogisticRegressionCV:
    return LogisticRegressionCV(
        Cs=penalties,
        cv=4,
        scoring="roc_auc",
        max_iter=2000,
        l1_ratios=(0.0,),
        use_legacy_attributes=False,
    )


def _aurocs(
    model: Any, inputs: NDArray[Any], bad: NDArray[np.bool_], groups: list[str]
) -> list[float]:
    return [
        float(
            roc_auc_score(
                bad[test],
                model.fit(inputs[train], bad[train]).predict_proba(inputs[test])[:, 1],
            )
        )
        for train, test in GroupKFold(FOLDS).split(inputs, bad, groups)
    ]


def _cell(values: list[float]) -> str:
    return f"{statistics.mean(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", default=SOURCES)
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    main()
