"""Training beside TRL's PRMTrainer: same backbone, traces, split and threads, one run.

    python3.11 -m venv ../trl
    ../trl/bin/pip install torch==2.13.0 transformers==5.23.0 trl==1.0.0
    python -m benchmarks.train --peer ../trl/bin/python bbmistake

TRL 1.0.0 is the last release with a PRMTrainer and needs an environment of its own, for
which those two commands are meant. Every training runs alone in a fresh process; wall
and processor seconds, peak memory, load and the AUROC of "this step is wrong" on the
same held-out steps are printed and kept as JSON under $PACENOTE_DATA/benchmarks. Ours
trains, calibrates and measures itself on what TRL gets for training alone.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import labels
from benchmarks.heads import sample
from scoring.prm import metrics, smollm2
from scoring.prm.encode import own_words
from scoring.prm.examples import Split, split
from scoring.schema import Episode

# episodes drawn and the share of tasks held out: 350 of 437, 175 of 195 train
SOURCES = {"bbmistake": (437, 0.2), "agentprocessbench_hotpotqa": (195, 0.1)}

# the rest are PRMConfig's defaults
TRL = {"num_train_epochs": 1, "learning_rate": 5e-5, "max_length": 2048, "seed": 0}

Row = tuple[labels.Labelled, Split]


def main() -> None:
    arguments = _parser().parse_args()
    data = Path(os.environ.get("PACENOTE_DATA", "var"))
    folder = data / "benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    backbone = smollm2.converted(data).resolve()
    common = {"backbone": str(backbone), "threads": arguments.threads}
    for source in arguments.sources:
        rows = _rows(source, arguments.episodes)
        kept = folder / f"train-{source}.json"
        found = dict[str, Any]()
        if arguments.peer:
            found["trl"] = _trl(rows, common, arguments.peer)
            kept.write_text(json.dumps(found, indent=1))
        for tier in arguments.tiers:
            found[tier] = _ours(rows, common, tier)
            kept.write_text(json.dumps(found, indent=1))
        print("\n".join(_table(source, rows, arguments.threads, found)), flush=True)


def _rows(source: str, limit: int | None) -> list[Row]:
    episodes, share = SOURCES[source]
    rows = sample(source, min(episodes, limit or episodes))
    splits = split((episode.group() for episode, *_ in rows), 0, 1 / 8, share)
    return [(_judged_part(row), splits[row[0].group()]) for row in rows]


def _judged_part(row: labels.Labelled) -> labels.Labelled:
    """The trace up to its last judged step: nobody learns from what follows."""
    episode, verdicts, success = row
    end = max((t + 1 for t, v in enumerate(verdicts) if v is not None), default=1)
    return replace(episode, steps=episode.steps[:end]), verdicts[:end], success


def _ours(rows: Sequence[Row], common: Mapping[str, Any], tier: str) -> dict[str, Any]:
    examples = [
        {
            "episode": episode.to_dict(),
            "verdicts": verdicts,
            "success": success,
            "split": part,
        }
        for (episode, verdicts, success), part in rows
    ]
    job = {**common, "config": {"tier": tier}, "examples": examples}
    result = _child([sys.executable, "-m", "benchmarks.training.ours"], job)
    return {**result, "auroc": result["steps"]["auroc"]}


def _trl(rows: Sequence[Row], common: Mapping[str, Any], peer: Path) -> dict[str, Any]:
    tested = [row for row, part in rows if part == "test"]
    job = {
        **common,
        "settings": TRL,
        "train": [_stepwise(*row[:2]) for row, part in rows if part != "test"],
        "test": [_stepwise(*row[:2]) for row in tested],
    }
    script = Path(__file__).parent / "training" / "trl_peer.py"
    result = _child([str(peer), str(script)], job)
    pairs = [
        (verdict, q)
        for (_, verdicts, _), scores in zip(tested, result.pop("q"), strict=True)
        for verdict, q in zip(verdicts, scores, strict=True)
        if verdict is not None and q is not None
    ]
    y, q = zip(*pairs, strict=True)
    return {**result, "auroc": metrics.auroc(y, q), "steps": {"steps": len(pairs)}}


def _stepwise(episode: Episode, verdicts: Sequence[int | None]) -> dict[str, Any]:
    """TRL's stepwise supervision: 1 not wrong, 0 wrong, -100 not judged."""
    return {
        "prompt": f"Task: {episode.task}\n",
        "completions": list(_completions(episode)),
        "labels": [-100 if v is None else int(v != -1) for v in verdicts],
    }


def _completions(episode: Episode) -> Iterator[str]:
    heard = ""
    for step in episode.steps:
        yield f"{heard}{step.observation}\n{own_words(step)}".strip()
        heard = "".join(f"Result of {c.name}: {c.result}\n" for c in step.calls)


def _child(command: Sequence[str], job: Mapping[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder, "job.json"), Path(folder, "result.json")
        asked.write_text(json.dumps(job))
        threads = {"OMP_NUM_THREADS": str(job["threads"])}
        subprocess.run(
            [*command, str(asked), str(answer)], check=True, env=os.environ | threads
        )
        result: dict[str, Any] = json.loads(answer.read_text())
    return result


def _table(
    source: str, rows: Sequence[Row], threads: int, found: Mapping[str, Any]
) -> Iterator[str]:
    trained = sum(part != "test" for _, part in rows)
    yield f"\n{source}: {trained} training traces of {len(rows)}, {threads} thread(s)"
    yield f"{'':18}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'load':>7}{'AUROC -1':>10}"
    for name, result in found.items():
        yield _line(name, result, result)
        if result.get("cached"):
            yield _line(f"{name}, cached", result["cached"], result)
    if "trl" in found and "head" in found:
        yield _ratios(found["trl"], found["head"])


def _line(name: str, timed: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    return (
        f"{name:18}{timed['seconds']:>9.0f}{timed['cpu_seconds']:>9.0f}"
        f"{result['peak_mb']:>9.0f}{result['load'][0]:>7.1f}{result['auroc']:>10.3f}"
    )


def _ratios(peer: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    return "less time than TRL: " + ", ".join(
        f"{what} {peer[key] / part[key]:.1f}x {unit}"
        for what, part in (("head", ours), ("head, cached", ours["cached"]))
        for key, unit in (("seconds", "wall"), ("cpu_seconds", "CPU"))
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", default=list(SOURCES))
    parser.add_argument("--peer", type=Path, help="python of TRL's environment")
    parser.add_argument("--tiers", nargs="*", default=["head"])
    parser.add_argument("--episodes", type=int, help="fewer, on a busy machine")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser


if __name__ == "__main__":
    main()
