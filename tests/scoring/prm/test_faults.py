"""A training whose disk is full."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from scoring.prm.train import TrainConfig, Trained, train
from tests.scoring.prm.stories import examples

CONFIG = TrainConfig(epochs=4, members=2, rank=8)


def quiet(progress: object) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def whole(trunk, tmp_path_factory) -> Trained:
    return train(examples(), trunk, CONFIG, tmp_path_factory.mktemp("whole"), quiet)


FULL = """
import resource, sys
from pathlib import Path
from scoring.prm.backbone import tiny
from scoring.prm.train import TrainConfig, train
from tests.scoring.prm.stories import examples
trunk, config = tiny(), TrainConfig(epochs=4, members=2, rank=8)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
train(examples(), trunk, config, Path(sys.argv[1]), lambda progress: None)
"""


def test_a_full_disk_leaves_no_model_and_what_was_done(trunk, whole, tmp_path):
    room = 1_000
    root = Path(__file__).resolve().parents[3]
    env = os.environ | {"PYTHONPATH": str(root)}
    command = [sys.executable, "-c", FULL, str(tmp_path), str(room)]
    run = subprocess.run(command, cwd=root, env=env, check=False, capture_output=True)
    assert run.returncode == 1
    assert b"os error 27" in run.stderr or b"File too large" in run.stderr
    left = list((tmp_path / "models").glob("[0-9a-f]*"))
    assert left == []
    # there is room again
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != room
    assert train(examples(), trunk, CONFIG, tmp_path, quiet).sha256 == whole.sha256
