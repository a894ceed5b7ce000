"""Trunks on a device of their own, real or, where there is none, made of the CPU."""

import os
import subprocess
import sys

import pytest
import torch

from scoring.errors import ModelMismatch
from scoring.prm import device, precision
from scoring.prm.device import CPU

HERE = "tests/scoring/prm"


def run_on(place: str, *plugin: str) -> None:
    """`on_device.py` in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *plugin, f"{HERE}/on_device.py"],
        env=os.environ | {"PACENOTE_TEST_DEVICE": place, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if run.returncode:
        pytest.fail(run.stdout[-8000:] + run.stderr[-4000:], pytrace=False)


def test_nothing_mixes_devices_on_the_way_from_texts_to_scores():
    run_on("elsewhere", "-p", "tests.scoring.prm.elsewhere")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_a_gpu_trains_and_serves_like_a_cpu():
    run_on("cuda")


def gpus(monkeypatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


def test_a_gpu_is_taken_where_one_may_be_used(monkeypatch):
    gpus(monkeypatch, 0)
    assert device.chosen() == device.chosen("") == CPU
    gpus(monkeypatch, 2)
    assert device.chosen() == device.chosen("cuda") == torch.device("cuda", 0)
    assert device.chosen("cpu") == CPU


def test_processes_of_one_training_take_a_gpu_each(monkeypatch):
    gpus(monkeypatch, 2)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert device.chosen() == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ModelMismatch, match="GPU 2 was asked for, and 2 can be used"):
        device.chosen()


@pytest.mark.parametrize("name", ["cuda", "tpu", "cuda:1", "cpu:0"])
def test_a_device_that_is_not_there_is_refused(name, monkeypatch):
    gpus(monkeypatch, 0)
    with pytest.raises(ModelMismatch):
        device.chosen(name)


def test_what_a_cpu_was_measured_to_do_best_says_nothing_of_a_gpu(
    monkeypatch, tmp_path
):
    """Neither read nor written: scorers on CPUs may share the folder."""
    (tmp_path / precision.FILE).write_text('{"precision": "bfloat16/products"}')
    for native, expected in ((True, "bfloat16/fused"), (False, "float32/fused")):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda n=native, **_: n)
        found = precision.settled(tmp_path, tmp_path, None, torch.device("cuda"))
        assert found == precision.PRECISIONS[expected]
    wanted = precision.settled(tmp_path, tmp_path, "float32/fused", CPU)
    assert wanted == precision.PRECISIONS["float32/fused"]
