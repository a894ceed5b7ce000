"""What planted runs buy in the audit, and what they cost on held-out steps.

    python -m benchmarks.hard_negatives --episodes 240 --weights 0 1

Trains on the demo's runs with each weight, then audits the model on the test tasks.
"""

import argparse
import os
from functools import partial
from pathlib import Path

import torch

from benchmarks.heads import sample
from scoring.audit import SAMPLE, Judged, audit
from scoring.prm import backbone
from scoring.prm.engine import Engine
from scoring.prm.train import Example, TrainConfig, split, train

SHOWN = ("A1", "A3", "A4", "A5", "A6", "A7", "A8", "A12", "A16")


def main() -> None:
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    root = Path(os.environ.get("PACENOTE_DATA", "var"))
    trunk = backbone.load(None, root)
    rows = sample(arguments.source, arguments.episodes)
    splits = split((episode.group() for episode, *_ in rows), 0)
    examples = [
        Example(episode, verdicts, success, splits[episode.group()])
        for episode, verdicts, success in rows
    ]
    for weight in arguments.weights:
        _run(examples, trunk, weight, root, arguments.sample)


def _run(
    examples: list[Example],
    trunk: backbone.Trunk,
    weight: float,
    root: Path,
    sample: int,
) -> None:
    config = TrainConfig(hard_negatives=weight)
    trained = train(examples, trunk, config, root / "benchmarks", lambda p: None)
    prm = trained.card["metrics"]["steps"]["prm"]
    planted = sum(trained.card["hard_negatives"].values())
    low, high = prm["auroc_95"] or (0, 0)
    print(
        f"\nweight {weight:g}, {planted} planted: AUROC -1 {prm['auroc']:.3f} "
        f"({low:.3f}-{high:.3f}), ECE {prm['ece']:.3f}, accuracy {prm['accuracy']:.3f}"
    )
    engine = Engine(trunk)
    model = engine.load(trained.directory)
    runs = [Judged(e.episode, e.verdicts) for e in examples if e.split == "test"]
    predict = partial(engine.predict, model=model)
    for check in audit(runs, predict, sample=sample):
        if check.id.rstrip("abcdefghijklmnopqrstuvwxyz. ") in SHOWN:
            value = "–" if check.value is None else f"{check.value:.3f}"
            print(
                f"{check.id:14}{check.title:24}{value:>8} {check.bar:>9} {check.status}"
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--source", default="arena")
    parser.add_argument("--episodes", type=int, default=240)
    parser.add_argument("--weights", type=float, nargs="+", default=[0.0, 1.0])
    parser.add_argument("--sample", type=int, default=SAMPLE, help="runs edited")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    main()
