"""Held-out quality of the reward model on real step labels: folds by task.

    python -m benchmarks.heads agentprocessbench_hotpotqa bbmistake processbench \\
        prm800k_val stepshield parc mr_ben

trains on 80 % of the tasks, tests on the others, five times, and prints every metric
beside the trivial baselines; an eighth of the training tasks calibrates. `arena` is a
source as well; `a+b` trains one model on both and reports each; `--share 0.25` learns
from a quarter of the training tasks only, a point of the learning curve. Features and
finished folds are kept under $PACENOTE_DATA (default: var), so that a run that was cut
off goes on where it was.
"""

import argparse
import hashlib
import json
import math
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import labels
from scoring.prm import backbone, breakdown, evaluate
from scoring.prm.card import Model, load_model
from scoring.prm.encode import encode
from scoring.prm.engine import predict
from scoring.prm.examples import Split
from scoring.prm.features import FeatureStore, keys
from scoring.prm.train import Example, Progress, TrainConfig, split, train
from scoring.schema import Prediction

FOLDS = 5

ROWS = ("prm", "always_right", "position", "length", "bag_of_words")
COLUMNS = (
    *("auroc", "average_precision", "accuracy", "macro_f1"),
    *("first_error_accuracy", "onset", "ece"),
)


def main() -> None:
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    root = Path(os.environ.get("PACENOTE_DATA", "var"))
    trunk = backbone.load(None, root)
    config = TrainConfig.from_dict(json.loads(arguments.config))
    for named in arguments.sources:
        rows = [
            (source, row)
            for source in named.split("+")
            for row in sample(source, arguments.episodes)
        ]
        results = [
            _run(named, rows, trunk, config, (fold, arguments.share), root)
            for fold in range(arguments.folds)
        ]
        _print(named, len(rows), results)


def sample(source: str, limit: int) -> list[labels.Labelled]:
    """At most `limit` episodes of a source (0: all), the same ones every time."""
    rows = list(_arena(limit) if source == "arena" else labels.read(source))
    random.Random(0).shuffle(rows)
    return rows[:limit] if limit else rows


def _arena(limit: int) -> list[labels.Labelled]:
    from scoring.arena import generate

    runs = generate(limit or 160, seed=0)
    return [(run.episode, run.verdicts, run.episode.outcome.success) for run in runs]


def _run(
    named: str,
    rows: Sequence[tuple[str, labels.Labelled]],
    trunk: backbone.Trunk,
    config: TrainConfig,
    part: tuple[int, float],
    root: Path,
) -> dict[str, Any]:
    """One fold, unless it is kept; `part`: which, and the share of training tasks."""
    path = _path(root, [named, len(rows), *part, config.to_dict()])
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text())
        return kept
    splits = _splits([row for _, row in rows], *part)
    rows = [row for row in rows if row[1][0].group() in splits]
    examples = [
        Example(episode, verdicts, success, splits[episode.group()])
        for _, (episode, verdicts, success) in rows
    ]
    started = [time.monotonic(), time.process_time()]

    def report(progress: Progress) -> None:
        if progress.phase == "features":
            started[:] = time.monotonic(), time.process_time()
            share = progress.done / max(1, progress.total)
            print(f"\rfeatures {share:.0%} ", end="", file=sys.stderr, flush=True)

    trained = train(examples, trunk, config, root / "benchmarks", report)
    seconds = [time.monotonic() - started[0], time.process_time() - started[1]]
    model = load_model(trained.directory, trunk)
    tested = [
        (source, e)
        for (source, _), e in zip(rows, examples, strict=True)
        if e.split == "test"
    ]
    said = _said([e for _, e in tested], model, trunk, root)
    result = {
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "metrics": trained.card["metrics"],
        "heads": trained.card["heads"],
        "parts": _parts(tested, said, trained.card["metrics"]),
    }
    path.write_text(json.dumps(result))
    return result


def _said(
    examples: Sequence[Example], model: Model, trunk: backbone.Trunk, root: Path
) -> list[Prediction]:
    """The model's predictions, from the states the training has just kept."""
    store, said = FeatureStore(root / "benchmarks" / "features"), []
    # a training of tier lora or full has moved it
    trunk = model.trunk or trunk
    for example in examples:
        encoded = encode(example.episode, trunk.tokenizer, model.max_tokens)
        states = [*store.read([*filter(None, keys(encoded, trunk))])]
        said.append(predict(states, encoded, model))
    return said


def _parts(
    tested: Sequence[tuple[str, Example]],
    said: Sequence[Prediction],
    metrics: dict[str, Any],
) -> dict[str, Any]:
    """The same model on every source, and on every subset of it, alone."""
    names = [
        {source, f"{source}/{example.episode.meta.get('subset', '')}"}
        for source, example in tested
    ]
    found = {}
    for name in sorted(set().union(*names)):
        mine = [i for i, of in enumerate(names) if name in of]
        examples = [tested[i][1] for i in mine]
        predictions = [said[i] for i in mine]
        rows = breakdown.judged(examples, predictions)
        found[name] = {
            "steps": rows and evaluate.of_steps(rows),
            "first_errors": evaluate.first_errors(
                examples, predictions, metrics["first_error_odds"]
            ),
        }
    return found


def _splits(
    rows: Sequence[labels.Labelled], fold: int, share: float = 1
) -> dict[str, Split]:
    """The split of every task, but for the training tasks that a share leaves out."""
    groups = sorted({episode.group() for episode, *_ in rows})
    tested = set(groups[fold::FOLDS])
    rest = split((group for group in groups if group not in tested), 0, 1 / 8, 0)
    train = [group for group, name in rest.items() if name == "train"]
    for group in train[math.ceil(len(train) * share) :]:
        del rest[group]
    return rest | dict.fromkeys(tested, "test")


def _path(root: Path, identity: object) -> Path:
    folder = root / "benchmarks" / "folds"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return folder / f"{name[:32]}.json"


def _print(named: str, episodes: int, results: list[dict[str, Any]]) -> None:
    wall, cpu = (statistics.mean(r["seconds"][i] for r in results) for i in (0, 1))
    peak = max(result["peak_mb"] for result in results)
    print(f"\n{named}: {episodes} episodes, {len(results)} folds of {FOLDS}")
    print(
        f"a training beyond its features: {wall:.0f} s ({cpu:.0f} s of CPU), {peak} MB"
    )
    tables = [result["metrics"]["steps"] for result in results]
    print(f"steps beyond the context: {sum(t['prm']['unscored'] for t in tables)}")
    print(f"{'':14}" + "".join(f"{column:>22}" for column in COLUMNS))
    for row in ROWS:
        cells = (_cell([t[row][column] for t in tables]) for column in COLUMNS)
        print(f"{row:14}" + "".join(f"{cell:>22}" for cell in cells))
    values = [result["metrics"]["value"]["auroc"] for result in results]
    print(f"value head, AUROC (– where it was dropped): {_cell(values)}")
    for name in sorted(set().union(*(result["parts"] for result in results))):
        _print_part(name, [r["parts"][name] for r in results if name in r["parts"]])


def _print_part(name: str, parts: list[dict[str, Any]]) -> None:
    auroc = _cell([part["steps"] and part["steps"]["auroc"] for part in parts])
    errors = [part["first_errors"] for part in parts]
    f1 = _cell([row["processbench"]["f1"] for row in errors])
    found = _cell([row["first_error_accuracy"] for row in errors])
    print(f"{name:44} auroc {auroc}  F1 {f1}  first error {found}")


def _cell(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    return f"{statistics.mean(known):.3f} ({min(known):.3f}–{max(known):.3f})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--episodes", type=int, default=0, help="of a source; 0: all")
    parser.add_argument("--folds", type=int, default=FOLDS, choices=range(1, FOLDS + 1))
    parser.add_argument("--share", type=float, default=1, help="of the training tasks")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--config", default="{}", help="a TrainConfig as JSON")
    return parser


if __name__ == "__main__":
    main()
