"""Children that crash, hang, or are left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests import backbones
from webapp.house import supervisor
from webapp.house.spare import Spare
from webapp.house.supervisor import Child

HANG = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"


def a_child(tmp_path: Path, code: str, **fields: float) -> Child:
    command = [sys.executable, "-c", code]
    return Child("it", command, dict(os.environ), tmp_path / "log", **fields)


def eventually(claim: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not claim() and time.monotonic() < until:
        time.sleep(0.05)
    return claim()


def test_a_crashed_child_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []
    marks = tmp_path / "marks"
    child = a_child(tmp_path, f"open({str(marks)!r}, 'a').write('x')")
    child.start()
    supervisor.watch(
        [child],
        said.append,
        until=lambda: marks.exists() and len(marks.read_text()) > 1,
    )
    assert "ended (exit code 0): again in 0 s" in said[0]
    child.stop()


def test_the_pause_grows_with_each_crash(tmp_path: Path) -> None:
    child = a_child(tmp_path, "")
    child.started_at = time.monotonic()
    pauses = [child._pause() for _ in range(7)]
    assert pauses == [0, 1, 2, 4, 8, 16, 30]


def test_a_child_that_stops_giving_signs_of_life_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HUNG_SECONDS", 0.2)
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.0)
    said: list[str] = []
    child = a_child(tmp_path, "import time; time.sleep(60)")
    child.start()
    first = child.process and child.process.pid
    signs = iter([True, None, True])
    child.is_alive = lambda pid: next(signs, False)
    supervisor.watch([child], said.append, until=lambda: len(said) > 1)
    assert said[0] == "it hangs: killing it"
    assert eventually(lambda: child.process is not None and child.process.pid != first)
    child.stop()


def test_a_child_that_has_not_signed_yet_is_left_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "HUNG_SECONDS", 0.0)
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.0)
    child = a_child(tmp_path, "import time; time.sleep(60)")
    child.start()
    child.is_alive = lambda pid: False
    looks = iter(range(4))
    supervisor.watch([child], print, until=lambda: next(looks, None) is None)
    assert child.ended() is None
    child.stop()


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = a_child(
        tmp_path, HANG + "print('up', flush=True); time.sleep(60)", grace=0.3
    )
    child.start()
    assert eventually(lambda: "up" in (tmp_path / "log").read_text())
    child.stop()
    assert child.ended() == -signal.SIGKILL


def test_what_a_child_left_running_goes_with_it(tmp_path: Path) -> None:
    code = (
        "import subprocess; p = subprocess.Popen(['sleep', '60']);"
        "print(p.pid, flush=True); p.wait()"
    )
    child = a_child(tmp_path, code)
    child.start()
    log = tmp_path / "log"
    assert eventually(lambda: log.read_text().strip().isdigit())
    grandchild = int(log.read_text())
    child.stop()
    assert eventually(lambda: not running(grandchild))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties processes")
def test_kill_9_of_the_parent_takes_the_child_with_it(tmp_path: Path) -> None:
    code = (
        "import os, sys, time; from pathlib import Path;"
        "from webapp.house.supervisor import Child;"
        "child = Child('it', ['sleep', '60'], dict(os.environ), Path(sys.argv[1]));"
        "child.start(); print(child.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    with parent:
        child = int(parent.stdout.readline())
        parent.kill()
    assert eventually(lambda: not running(child))


WAITS = (
    "import sys, time; print('waits', flush=True);"
    "print('goes on' if sys.stdin.readline() else 'ends', flush=True); time.sleep({})"
)


def with_a_spare(tmp_path: Path, code: str) -> Child:
    child = a_child(tmp_path, "import time; time.sleep(60)")
    child.spare = Spare([sys.executable, "-c", code])
    return child


def watch(child: Child, until: Callable[[], bool], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    supervisor.watch([child], print, lambda: until() or time.monotonic() > end)
    return until()


def test_a_spare_takes_the_place_of_a_killed_child_and_another_one_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", 0.0)
    child, log = with_a_spare(tmp_path, WAITS.format(60)), tmp_path / "log"
    child.start()
    assert child.spare
    assert watch(child, lambda: "waits" in log.read_text())
    waiting = child.spare.process
    child.kill()
    assert watch(child, lambda: log.read_text().count("waits") == 2)
    assert child.process is waiting
    assert "goes on" in log.read_text()
    child.stop()


def test_a_spare_ends_with_its_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", 0.0)
    child = with_a_spare(tmp_path, WAITS.format(60))
    child.start()
    assert watch(child, lambda: "waits" in (tmp_path / "log").read_text())
    assert child.spare
    assert child.spare.process
    spare = child.spare.process.pid
    child.stop()
    assert eventually(lambda: not running(spare))


def test_a_spare_that_cannot_wait_is_not_tried_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", 0.0)
    child = with_a_spare(tmp_path, "print('broken', flush=True)")
    child.start()
    log = tmp_path / "log"
    assert watch(child, lambda: "broken" in log.read_text())
    assert not watch(child, lambda: log.read_text().count("broken") > 1, seconds=1)
    child.kill()
    assert watch(child, lambda: child.ended() is None), "and the child comes by itself"
    child.stop()


def test_a_child_that_has_just_begun_has_no_spare_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = with_a_spare(tmp_path, WAITS.format(60))
    child.start()

    def has_a_spare() -> bool:
        return child.spare is not None and child.spare.process is not None

    assert not watch(child, has_a_spare, 0.5)
    # nor one that gives signs of life and hasn't yet
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", 0.0)
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.0)
    child.is_alive = lambda pid: False
    assert not watch(child, has_a_spare, 0.5)
    child.is_alive = lambda pid: True
    assert watch(child, has_a_spare)
    child.stop()


@pytest.mark.parametrize(("line", "said"), [("\n", r"\d+\.\d+"), ("", "")])
def test_the_scorers_spare_becomes_celery_when_it_is_told_to(
    tmp_path: Path, line: str, said: str
) -> None:
    folder = backbones.tiny_folder(tmp_path / "backbone")
    spare = subprocess.run(
        [sys.executable, "-m", "workers.spare", "--version"],
        input=line,
        check=False,
        env={**os.environ, "PACENOTE_BACKBONE": str(folder)},
        capture_output=True,
        text=True,
    )
    assert spare.returncode == 0, spare.stderr
    assert re.match(said, spare.stdout)
    assert bool(spare.stdout) == bool(said)


def test_a_log_that_grew_too_long_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * (supervisor.LOG_BYTES + 1))
    child = a_child(tmp_path, "print('new')")
    child.start()
    assert eventually(lambda: child.ended() == 0)
    assert (tmp_path / "log").read_text() == "new\n"


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
