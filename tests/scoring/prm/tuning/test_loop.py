"""Tiers `lora` and `full` on a random trunk of two layers."""

import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from scoring.errors import (
    Cancelled,
    NotEnoughLabels,
    OutOfMemory,
    StorageFull,
    TrainingDiverged,
)
from scoring.prm.config import Progress, TrainConfig
from scoring.prm.encode import encode
from scoring.prm.tuning.config import TuneConfig
from scoring.prm.tuning.learner import Learner
from scoring.prm.tuning.loop import tune
from scoring.prm.tuning.objective import Tuned, targets
from tests.scoring.prm.lives import born, ended
from tests.scoring.prm.stories import examples

ROOT = Path(__file__).resolve().parents[4]
TUNING = TuneConfig(
    epochs=2,
    batch_tokens=200,
    micro_tokens=100,
    precision="float32",
    checkpoint_seconds=0,
)
CONFIG = TrainConfig(tier="full", tuning=TUNING)


def quiet(progress: Progress) -> None:
    pass


def sha256(trunk, directory, config=CONFIG, report=quiet, rows=None) -> str:
    return tune(rows or examples(12), trunk, config, directory, report)[0].sha256


@pytest.fixture(scope="module")
def undisturbed(trunk, tmp_path_factory) -> str:
    return sha256(trunk, tmp_path_factory.mktemp("tune"))


@pytest.mark.parametrize("tier", ["lora", "full"])
def test_four_episodes_are_learned_by_heart(tier, trunk, tmp_path):
    rows = [replace(e, split="train", success=None) for e in examples(4)]
    tuning = replace(TUNING, epochs=60, learning_rate=3e-3, checkpoint_seconds=60)
    config = TrainConfig(tier=tier, tuning=tuning)
    losses = []
    tune(rows, trunk, config, tmp_path, lambda p: losses.append(p.loss))
    assert losses[-1] < 0.05 < 0.7 < next(filter(None, losses))


def test_each_window_of_a_long_run_is_a_lesson_and_an_episode_still_weighs_1(
    trunk, tmp_path
):
    (long,) = [e for e in examples(12) if e.episode.task == "Task 10"]
    encoded = encode(long.episode, trunk.tokenizer, 62)
    taught = list(targets(long, encoded))
    assert len(taught) > 1
    values = [t.weight for found in taught for t in found if t.head == "value"]
    assert sum(values) == pytest.approx(1)
    for window, found in zip(encoded.windows(), taught, strict=True):
        assert all(t.span[1] <= len(window.token_ids) for t in found)
    own, told = tune(
        examples(12), trunk, replace(CONFIG, max_tokens=62), tmp_path, quiet
    )
    assert own.sha256 != trunk.sha256
    assert math.isfinite(told["loss"])


def test_the_same_seed_gives_the_same_weights(trunk, undisturbed, tmp_path):
    assert sha256(trunk, tmp_path / "a") == undisturbed
    other = replace(CONFIG, seed=1)
    assert sha256(trunk, tmp_path / "b", other) != undisturbed


def test_the_backbone_itself_is_left_alone(trunk, tmp_path):
    before = {k: v.clone() for k, v in trunk.model.state_dict().items()}
    own, _ = tune(examples(12), trunk, CONFIG, tmp_path, quiet)
    assert own.sha256 != trunk.sha256
    assert all(torch.equal(v, before[k]) for k, v in trunk.model.state_dict().items())


@pytest.mark.parametrize("tier", ["lora", "full"])
def test_a_cancelled_run_goes_on_where_it_was(tier, trunk, tmp_path):
    config = replace(CONFIG, tier=tier)
    whole = sha256(trunk, tmp_path / "whole", config)
    steps = []

    def stop(progress: Progress) -> None:
        if progress.epoch == 2:
            raise Cancelled("asked to stop")

    with pytest.raises(Cancelled):
        sha256(trunk, tmp_path / "cut", config, stop)
    resumed = sha256(trunk, tmp_path / "cut", config, lambda p: steps.append(p.epoch))
    assert steps[0] == 2
    assert resumed == whole


def test_a_killed_run_ends_in_the_same_weights(trunk, undisturbed, tmp_path):
    def die(progress):
        if progress.done >= 700:
            os.kill(os.getpid(), signal.SIGKILL)

    life = born(lambda: len(sha256(trunk, tmp_path, report=die)))
    assert ended(life) == -signal.SIGKILL
    assert any(tmp_path.glob("step-*"))
    assert sha256(trunk, tmp_path) == undisturbed


def test_progress_is_told_at_every_pass_so_that_a_cancel_is_quick(trunk, tmp_path):
    told: list[Progress] = []
    tune(examples(12), trunk, CONFIG, tmp_path, told.append)
    assert [p.done for p in told] == sorted(p.done for p in told)
    assert told[-1].done == told[-1].total
    assert max(b.done - a.done for a, b in pairwise(told)) <= 200


def fails(monkeypatch, error: Exception, longest: int) -> list[int]:
    """Rows of more than `longest` tokens run out of memory; the lengths of all rows."""
    rows, forward = list[int](), Tuned.forward

    def limited(self, row, wanted, share):
        rows.append(len(row.token_ids))
        if len(row.token_ids) > longest:
            raise error
        return forward(self, row, wanted, share)

    monkeypatch.setattr(Tuned, "forward", limited)
    return rows


def test_memory_that_runs_out_halves_the_pass_and_not_the_batch(
    trunk, tmp_path, monkeypatch
):
    tuning = replace(TUNING, micro_tokens=200)
    whole = Learner.gradients
    losses: dict[int, list[float]] = {}
    for longest in (1000, 120):
        found = losses.setdefault(longest, [])

        def watch(self, *args, found=found):
            loss, norm = whole(self, *args)
            found.append(loss)
            return loss, norm

        monkeypatch.setattr(Learner, "gradients", watch)
        fails(monkeypatch, torch.OutOfMemoryError("CUDA out of memory."), longest)
        config = replace(CONFIG, tuning=tuning)
        told = tune(examples(12), trunk, config, tmp_path / str(longest), quiet)[1]
        assert told["halvings"] == (1 if longest == 120 else 0)
        monkeypatch.undo()
    assert losses[120] == pytest.approx(losses[1000], abs=1e-4)


def test_after_three_halvings_it_says_what_to_do(trunk, tmp_path, monkeypatch):
    error = RuntimeError("DefaultCPUAllocator: can't allocate memory")
    rows = fails(monkeypatch, error, longest=0)
    with pytest.raises(OutOfMemory, match="micro_tokens"):
        sha256(trunk, tmp_path)
    assert len(rows) == 4


def test_another_error_is_not_taken_for_memory(trunk, tmp_path, monkeypatch):
    fails(monkeypatch, RuntimeError("index out of range"), longest=0)
    with pytest.raises(RuntimeError, match="index out of range"):
        sha256(trunk, tmp_path)


def poisoned(monkeypatch, passes: range) -> None:
    """Give these forward passes a loss that is no number."""
    seen, forward = iter(range(10**6)), Tuned.forward

    def poison(self, row, wanted, share):
        loss = forward(self, row, wanted, share)
        return loss * math.nan if next(seen) in passes else loss

    monkeypatch.setattr(Tuned, "forward", poison)


def test_a_batch_that_is_no_number_is_skipped(trunk, tmp_path, monkeypatch):
    poisoned(monkeypatch, range(2, 3))
    own, told = tune(examples(12), trunk, CONFIG, tmp_path, quiet)
    assert (told["skipped"], told["slowdowns"]) == (1, 0)
    assert all(bool(t.isfinite().all()) for t in own.weights.tensors.values())


def test_a_run_of_them_goes_back_and_slows_down(trunk, tmp_path, monkeypatch):
    tuning = replace(TUNING, epochs=4, micro_tokens=1000)
    poisoned(monkeypatch, range(2, 6))
    config = replace(CONFIG, tuning=tuning)
    _, told = tune(examples(12), trunk, config, tmp_path, quiet)
    assert (told["skipped"], told["slowdowns"]) == (0, 1)


def test_a_loss_that_stays_no_number_ends_without_a_model(trunk, tmp_path, monkeypatch):
    tuning = replace(TUNING, epochs=10, micro_tokens=1000)
    poisoned(monkeypatch, range(10**6))
    with pytest.raises(TrainingDiverged):
        sha256(trunk, tmp_path, replace(CONFIG, tuning=tuning))


def test_a_full_disk_ends_it_cleanly_and_it_goes_on_later(
    trunk, undisturbed, tmp_path, monkeypatch
):
    from scoring.prm.tuning import checkpoints

    write = checkpoints._write
    left = iter([True, True, False])

    def fill(*args):
        if not next(left):
            raise OSError(28, "No space left on device")
        write(*args)

    monkeypatch.setattr(checkpoints, "_write", fill)
    with pytest.raises(StorageFull):
        sha256(trunk, tmp_path)
    monkeypatch.undo()
    assert sha256(trunk, tmp_path) == undisturbed


def test_gradient_checkpointing_changes_memory_and_not_the_weights(
    trunk, undisturbed, tmp_path
):
    tuning = replace(TUNING, gradient_checkpointing=True)
    assert sha256(trunk, tmp_path, replace(CONFIG, tuning=tuning)) == undisturbed


def test_steps_beyond_the_context_teach_nothing(trunk, tmp_path):
    with pytest.raises(NotEnoughLabels):
        sha256(trunk, tmp_path, replace(CONFIG, max_tokens=5))


SHARDED = """
import sys
from pathlib import Path
from scoring.prm.backbone import tiny
from scoring.prm.tuning.loop import tune
from tests.scoring.prm.stories import examples
from tests.scoring.prm.tuning.test_loop import CONFIG

own, told = tune(examples(12), tiny(), CONFIG, Path(sys.argv[1]), lambda p: None)
print(f"ended {told['processes']} {told['step']} {own.sha256}\\n", end="", flush=True)
"""


def test_two_processes_share_the_work_and_end_in_the_same_weights(
    undisturbed, tmp_path
):
    """As `torchrun` starts them, one a device; here both on the CPU, over gloo."""
    script = tmp_path / "sharded.py"
    script.write_text(SHARDED)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node=2", str(script), str(tmp_path / "run")]
    env = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "ACCELERATE_USE_CPU": "true",
    }
    run = subprocess.run(
        command, cwd=ROOT, env=env, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    ended = [line.split() for line in run.stdout.splitlines() if "ended" in line]
    assert ended == [["ended", "2", "4", undisturbed]] * 2
