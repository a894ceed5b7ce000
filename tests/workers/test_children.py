"""The processes of one machine: as many scorers as were asked for, each its own."""

from typing import Any

import pytest

from webapp.house import children


@pytest.fixture
def scorers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Those of a machine with so many, and these devices."""

    def made(count: int, devices: str = "") -> list[Any]:
        settings.REPLICAS = count
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", devices)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
        found = children.everything(8000)
        return [child for child in found if child.name.startswith("scorer")]

    return made


def test_one_scorer_is_called_as_its_host(scorers: Any) -> None:
    [only] = scorers(1)
    assert only.name == "scorer"
    assert "score@%h" in only.command


def test_a_single_scorer_has_a_spare_that_becomes_the_same_worker(
    scorers: Any, settings: Any
) -> None:
    [only] = scorers(1)
    python, *_, celery = only.spare.command[:3]
    assert (python, celery) == (only.command[0], "workers.spare")
    assert only.spare.command[3:] == only.command[3:]
    assert [replica.spare for replica in scorers(2)] == [None, None]
    settings.SPARE_SCORER = False
    assert scorers(1)[0].spare is None


def test_replicas_have_names_and_devices_of_their_own(scorers: Any) -> None:
    found = scorers(3, "0,1")
    assert [child.name for child in found] == ["scorer-1", "scorer-2", "scorer-3"]
    assert [child.environment["CUDA_VISIBLE_DEVICES"] for child in found] == list("010")
    assert len({child.environment["PACENOTE_REPLICA"] for child in found}) == 3
    assert all(f"score-{i}@%h" in found[i - 1].command for i in (1, 2, 3))


def test_replicas_share_the_cores(
    scorers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children.os, "sched_getaffinity", lambda pid: set(range(9)))
    assert [c.environment["OMP_NUM_THREADS"] for c in scorers(2)] == ["4", "4"]


def test_a_broker_that_is_away_says_nothing_of_a_scorer(scorers: Any) -> None:
    [only] = scorers(1)
    assert only.is_alive(1) is None
