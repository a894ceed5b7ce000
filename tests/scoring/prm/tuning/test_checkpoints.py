import errno
import os
import random
import shutil
import signal
import time
from collections import namedtuple
from functools import partial

import pytest
import torch

from scoring.errors import StorageFull
from scoring.prm.tuning.checkpoints import Checkpoints
from tests.scoring.prm.lives import born, ended


def tensors(value: float) -> dict[str, torch.Tensor]:
    return {"weight": torch.full((1000,), value)}


def test_the_last_of_those_kept_comes_back(tmp_path):
    kept = Checkpoints(tmp_path, keep=2)
    for step in (1, 2, 3):
        kept.save(step, tensors(step), {"step": step})
    found, state = Checkpoints(tmp_path, keep=2).latest()
    assert state == {"step": 3}
    assert torch.equal(found["weight"], tensors(3)["weight"])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step-000000002",
        "step-000000003",
    ]


def test_a_fresh_folder_has_none(tmp_path):
    assert Checkpoints(tmp_path, keep=1).latest() is None


@pytest.mark.parametrize("name", ["tensors.safetensors", "state.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_a_torn_file_sends_us_back_to_the_checkpoint_before(name, damage, tmp_path):
    kept = Checkpoints(tmp_path, keep=2)
    kept.save(1, tensors(1), {"step": 1})
    kept.save(2, tensors(2), {"step": 2})
    path = tmp_path / "step-000000002" / name
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        data[-3] ^= 255
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    assert kept.latest()[1] == {"step": 1}


KILLS = 50


def test_killed_at_any_instant_nothing_torn_is_ever_loaded(tmp_path):
    """While one small checkpoint is written after another, as fast as it goes."""
    chance, last = random.Random(0), 0
    for _ in range(KILLS):
        told, tell = os.pipe()
        kept = Checkpoints(tmp_path, keep=2)
        writer = born(partial(_write_on, kept, last, tell))
        os.read(told, 1)
        time.sleep(chance.uniform(0, 0.01))
        os.kill(writer, signal.SIGKILL)
        assert ended(writer) == -signal.SIGKILL
        os.close(told)
        os.close(tell)
        found, state = Checkpoints(tmp_path, keep=2).latest()
        assert state["step"] > last
        assert torch.all(found["weight"] == state["step"])
        last = state["step"]


def _write_on(kept: Checkpoints, step: int, tell: int) -> int:
    while True:
        step += 1
        kept.save(step, {"weight": torch.full((50_000,), float(step))}, {"step": step})
        os.write(tell, b".")


def test_too_little_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    kept = Checkpoints(tmp_path, keep=1)
    kept.save(1, tensors(1), {"step": 1})
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100))
    with pytest.raises(StorageFull, match="make room"):
        kept.save(2, tensors(2), {"step": 2})
    assert kept.latest()[1] == {"step": 1}


def test_a_disk_that_fills_up_meanwhile_keeps_what_was_there(tmp_path, monkeypatch):
    kept = Checkpoints(tmp_path, keep=1)
    kept.save(1, tensors(1), {"step": 1})

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match="No space left"):
        kept.save(2, tensors(2), {"step": 2})
    assert kept.latest()[1] == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000001"]
