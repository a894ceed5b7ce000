"""A training of our own for benchmarks/train.py, in a process of its own.

    python -m benchmarks.training.ours JOB.json RESULT.json

Trains into an empty folder, then once more with the features at hand: both times count
everything `train` does, calibration and evaluation too.
"""

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from scoring.prm import backbone
from scoring.prm.train import Example, Progress, TrainConfig, train
from scoring.schema import Episode


def main(job_path: str, result_path: str) -> None:
    job = json.loads(Path(job_path).read_text())
    torch.set_num_threads(job["threads"])
    trunk = backbone.load(job["backbone"], Path())
    config = TrainConfig.from_dict(job["config"])
    examples = [
        Example(
            Episode.from_dict(row["episode"]),
            tuple(row["verdicts"]),
            row["success"],
            row["split"],
        )
        for row in job["examples"]
    ]
    runs = 2 if config.tier == "head" else 1
    with tempfile.TemporaryDirectory() as folder:
        times = [_timed(examples, trunk, config, Path(folder)) for _ in range(runs)]
    result = {
        **times[0],
        "cached": times[-1] if runs == 2 else None,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "load": os.getloadavg(),
    }
    Path(result_path).write_text(json.dumps(result))


def _timed(
    examples: list[Example], trunk: backbone.Trunk, config: TrainConfig, workdir: Path
) -> dict[str, Any]:
    phases, started, before = dict[str, float](), time.monotonic(), time.process_time()

    def report(progress: Progress) -> None:
        phases[progress.phase] = time.monotonic() - started
        if os.environ.get("VERBOSE"):
            print(progress, file=sys.stderr, flush=True)

    card = train(examples, trunk, config, workdir, report).card
    return {
        "seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - before,
        "ended_after": phases,
        "steps": card["metrics"]["steps"]["prm"],
        "card": {key: card[key] for key in ("heads", "tuning") if key in card},
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
