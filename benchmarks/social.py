"""Is it rude, abusive, private, harmful? The social heads on real answers.

    python -m benchmarks.social convabuse politeness_wiki

trains on 80 % of the tasks (an eighth of them calibrates) and measures on the others,
five times, by the code a training runs, beside a bag of words on the same folds. The
judged turn is a run of one step; in stepshield a run is judged as a whole, and its
wrong steps are known. Features are cached under $PACENOTE_DATA (default: var).
"""

import argparse
import gzip
import json
import os
import random
import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import labels
from scoring.prm import backbone
from scoring.prm.examples import Example, Split, split
from scoring.prm.train import Progress, TrainConfig, train
from scoring.schema import Episode, Step

FOLDS = 5
AXIS = {
    **dict.fromkeys(("politeness_wiki", "convabuse", "surge_toxicity"), "rude"),
    "hh_harmless": "rude",
    "presidio_pii": "privacy",
    "stepshield": "harm",
}
JUDGED = 12  # of each side
COLUMNS = ("auroc", "auroc_words", "ece", "brier", "precision", "recall")


def main() -> None:
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    root = Path(os.environ.get("PACENOTE_DATA", "var"))
    trunk = backbone.load(None, root)
    for source in arguments.sources:
        rows = sample(source, arguments.episodes)
        print(_head(source, rows), flush=True)
        tables = []
        for fold in range(arguments.folds):
            tables.append(_run(source, rows, trunk, fold, root))
            print(f"fold {fold}", tables[-1], flush=True)
        _print(tables)


def sample(source: str, limit: int | None) -> list[Example]:
    """At most `limit` answered runs of a source, the same ones every time."""
    rows = [row for row in _rows(source) if _is_judged(row)]
    random.Random(0).shuffle(rows)
    return [_example(source, row) for row in rows[:limit]]


def _rows(source: str) -> Iterator[dict[str, Any]]:
    path = labels.SHARED / f"{source}.dev.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _is_judged(row: dict[str, Any]) -> bool:
    # a reply may be empty: there is nothing to read of it
    return row["social"]["bad"] is not None and bool(_words(row["steps"][-1]))


def _example(source: str, row: dict[str, Any]) -> Example:
    said = {AXIS[source]: float(row["social"]["bad"])}
    if source == "stepshield":
        episode, verdicts, _ = labels.labelled(row)
        return Example(_grouped(row, episode), verdicts, social=said)
    # the last turn is the step, whoever said it; the turns before are what it saw
    *before, last = map(_words, row["steps"])
    step = Step(index=0, text=last, observation="\n".join(before))
    return Example(_grouped(row, Episode(row["task"], (step,))), (None,), social=said)


class _Grouped(Episode):
    """A run whose task text says too little: many sources have the same one for all."""

    __slots__ = ()

    def group(self) -> str:
        return str(self.meta["group"])


def _grouped(row: dict[str, Any], episode: Episode) -> Episode:
    meta = {"group": row["meta"]["group"]}
    return _Grouped(task=episode.task, steps=episode.steps, meta=meta)


def _words(turn: dict[str, Any]) -> str:
    kinds = ("thought", "action", "observation")
    return "\n".join(turn[kind] for kind in kinds if turn.get(kind))


def _run(
    source: str,
    rows: list[Example],
    trunk: backbone.Trunk,
    fold: int,
    root: Path,
) -> dict[str, Any]:
    splits = _splits(rows, fold)
    sides = [replace(row, split=splits[row.episode.group()]) for row in rows]
    if source != "stepshield":
        sides = list(_barely_judged(sides))
    trained = train(sides, trunk, TrainConfig(), root / "benchmarks", _quiet)
    found: dict[str, Any] = trained.card["metrics"]["social"].get(AXIS[source], {})
    return found


def _barely_judged(rows: list[Example]) -> Iterator[Example]:
    """A training needs a few verdicts; here they are made up and measured by nobody."""
    left = dict.fromkeys(("train", "calibration", "test"), JUDGED)
    for row in rows:
        left[row.split] -= 1
        verdict = (-1, 1)[left[row.split] % 2] if left[row.split] >= 0 else None
        yield replace(row, verdicts=(verdict,))


def _splits(rows: list[Example], fold: int) -> dict[str, Split]:
    groups = sorted({row.episode.group() for row in rows})
    tested = set(groups[fold::FOLDS])
    rest = split((group for group in groups if group not in tested), 0, 1 / 8, 0)
    return rest | dict.fromkeys(tested, "test")


def _quiet(progress: Progress) -> None:
    pass


def _head(source: str, rows: list[Example]) -> str:
    bad = sum(row.social[AXIS[source]] for row in rows) / len(rows)
    groups = len({row.episode.group() for row in rows})
    return f"\n{source}: {len(rows)} runs in {groups} groups, {bad:.2f} bad"


def _print(tables: list[dict[str, Any]]) -> None:
    for name in COLUMNS:
        known = [table[name] for table in tables if table.get(name) is not None]
        if known:
            ends = f"({min(known):.3f}–{max(known):.3f}, {len(known)} folds)"
            print(f"{name:12} {statistics.mean(known):.3f} {ends}", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", default=list(AXIS))
    parser.add_argument("--episodes", type=int, help="default: all")
    parser.add_argument("--folds", type=int, default=FOLDS, choices=range(1, FOLDS + 1))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    main()
