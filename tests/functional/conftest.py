"""One whole product for all functional tests of a session."""

from collections.abc import Iterator

import httpx
import pytest

from tests.functional.house import ROOT, House, started

DEMO_EPISODES = 24


@pytest.fixture(scope="session")
def backbone() -> None:
    """The real language model, unpacked once a checkout."""
    from scoring.prm import smollm2

    smollm2.converted(ROOT / "var")


@pytest.fixture(scope="session")
def house(backbone: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("house") / "data"
    with started(data, demo=DEMO_EPISODES) as running:
        yield running


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with house.client() as client:
        yield client
