from pathlib import Path

import pytest
import torch

from scoring.prm import backbone


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tiny tensors only lose by being shared out."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trunk() -> backbone.Trunk:
    return backbone.tiny()


@pytest.fixture(scope="session")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> backbone.Trunk:
    return backbone.load(None, backbone_root(tmp_path_factory))


def backbone_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Beside the folders of other runs: the weights are converted once a machine."""
    return tmp_path_factory.getbasetemp().parent / "pacenote"
