"""The API of the running product."""

from collections.abc import Iterator

import httpx
import pytest

from tests.functional.house import House


@pytest.fixture
def client(house: House) -> Iterator[httpx.Client]:
    with house.client() as client:
        yield client
