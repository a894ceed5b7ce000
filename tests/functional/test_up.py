"""`manage.py up`: how it starts, refuses and ends."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.functional.house import ROOT, House, eventually, started

pytestmark = [pytest.mark.functional, pytest.mark.xdist_group("house")]


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=0)
    return not alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_it(
    backbone: None, tmp_path: Path, number: signal.Signals
) -> None:
    with started(tmp_path / "data", demo=0) as house:
        processes = house.processes()
        assert len(processes) >= 5
        house.stop(number)
    eventually(lambda: gone(processes), 20)


def test_a_second_one_on_the_same_data_is_refused(house: House) -> None:
    second = try_up(house.data)
    assert second.returncode == 1
    assert f"Pacenote already runs on {house.data}" in second.stderr


def test_a_taken_port_is_said_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = try_up(tmp_path, PORT=str(port))
    assert f"port {port} is taken: choose another" in ended.stderr


def test_what_is_secret_is_for_its_owner_only(house: House) -> None:
    secrets = ["secret-key", "api-token", "broker-url", "broker/valkey.conf"]
    modes = {(house.data / name).stat().st_mode & 0o777 for name in secrets}
    assert modes == {0o600}


def try_up(data: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    settings = {"DJANGO_SETTINGS_MODULE": "webapp.settings", "PACENOTE_DATA": str(data)}
    return subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={**os.environ, **settings, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
