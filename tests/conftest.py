"""Fixtures every test may ask for."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real trajectory files, where the machine has them."""
    if not (SHARED / "samples").is_dir():
        pytest.skip("no real sample files beside this checkout")
    return SHARED / "samples"


@pytest.fixture(scope="session")
def labels() -> Path:
    """Real step labels, where the machine has them."""
    if not (SHARED / "labels").is_dir():
        pytest.skip("no real step labels beside this checkout")
    return SHARED / "labels"
