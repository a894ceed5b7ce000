"""Held-out quality of the heads on real step labels: 5 folds by task.

    python -m benchmarks.heads agentprocessbench_hotpotqa bbmistake arena

trains on 80 % of the tasks, tests on the others, five times, and prints the mean over
the folds (and their range) beside every trivial baseline. An eighth of the training
tasks calibrates. Features are cached under $PACENOTE_DATA (default: var).
"""

import argparse
import os
import random
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks import labels
from scoring.prm import backbone
from scoring.prm.examples import Split
from scoring.prm.train import Example, Progress, TrainConfig, split, train

EPISODES = 437  # 350 of them are the 80 % that train
FOLDS = 5

ROWS = ("prm", "always_right", "position", "length", "bag_of_words")
COLUMNS = ("auroc", "accuracy", "macro_f1", "first_error_accuracy", "ece")


@dataclass(frozen=True, slots=True)
class Result:
    """The card's step table and the seconds the heads took, features aside."""

    table: dict[str, Any]
    seconds: float


def main() -> None:
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    root = Path(os.environ.get("PACENOTE_DATA", "var"))
    trunk = backbone.load(None, root)
    for source in arguments.sources:
        rows = sample(source, arguments.episodes)
        results = [_run(rows, trunk, fold, root) for fold in range(arguments.folds)]
        _print(source, len(rows), results)


def sample(source: str, limit: int) -> list[labels.Labelled]:
    """At most `limit` episodes of a source, the same ones every time."""
    rows = list(_arena(limit) if source == "arena" else labels.read(source))
    random.Random(0).shuffle(rows)
    return rows[:limit]


def _arena(limit: int) -> list[labels.Labelled]:
    from scoring.arena import generate

    runs = generate(limit, seed=0)
    return [(run.episode, run.verdicts, run.episode.outcome.success) for run in runs]


def _run(
    rows: list[labels.Labelled], trunk: backbone.Trunk, fold: int, root: Path
) -> Result:
    splits = _splits(rows, fold)
    examples = [
        Example(episode, verdicts, success, splits[episode.group()])
        for episode, verdicts, success in rows
    ]
    started = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal started
        if progress.phase == "features":
            started = time.monotonic()
            share = progress.done / max(1, progress.total)
            print(f"\rfeatures {share:.0%} ", end="", file=sys.stderr, flush=True)

    trained = train(examples, trunk, TrainConfig(), root / "benchmarks", report)
    return Result(trained.card["metrics"]["steps"], time.monotonic() - started)


def _splits(rows: list[labels.Labelled], fold: int) -> dict[str, Split]:
    groups = sorted({episode.group() for episode, *_ in rows})
    tested = set(groups[fold::FOLDS])
    rest = split((group for group in groups if group not in tested), 0, 1 / 8, 0)
    return rest | dict.fromkeys(tested, "test")


def _print(source: str, episodes: int, results: list[Result]) -> None:
    seconds = statistics.mean(result.seconds for result in results)
    print(
        f"\n{source}: {episodes} episodes, {len(results)} folds, {seconds:.0f} s each"
    )
    unscored = sum(result.table["prm"]["unscored"] for result in results)
    print(f"steps beyond the context, left out of every row: {unscored}")
    print(f"{'':14}" + "".join(f"{column:>22}" for column in COLUMNS))
    for row in ROWS:
        cells = (_cell([r.table[row][column] for r in results]) for column in COLUMNS)
        print(f"{row:14}" + "".join(f"{cell:>22}" for cell in cells))


def _cell(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    return f"{statistics.mean(known):.3f} ({min(known):.3f}–{max(known):.3f})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--folds", type=int, default=FOLDS, choices=range(1, FOLDS + 1))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    main()
