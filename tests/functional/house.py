"""The whole product, started as a user starts it, and a client that knows its API."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg

from scoring import arena
from webapp.house.broker import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 400


@dataclass
class House:
    """A running `manage.py up`: what it said, and a client with its token."""

    process: "subprocess.Popen[bytes]"
    log: Path
    data: Path
    environment: Mapping[str, str]
    link_is_used: bool = False

    @property
    def said(self) -> str:
        return self.log.read_text()

    def find(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found, self.said
        return found[1]

    @property
    def url(self) -> str:
        return self.find(r"Pacenote is up: (\S+)")

    def sign_in_link(self) -> str:
        """A link nobody has opened: the printed one, later ones from the shell."""
        if not self.link_is_used:
            self.link_is_used = True
            return self.find(r"sign in \(once\): (\S+)")
        command = [sys.executable, "manage.py", "sign_in_link", "admin"]
        path = subprocess.check_output(command, cwd=ROOT, env=self.environment)
        return self.url + path.decode().strip()

    def client(self) -> httpx.Client:
        token = self.find(r"API token: +(\S+)")
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill_9(self, words: str) -> None:
        """Kill the one child whose command line has these words."""
        for process in self.processes():
            if words in " ".join(process.cmdline()):
                process.kill()
                return
        raise AssertionError(f"no child runs {words}")

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(60)


@contextmanager
def started(data: Path, *, demo: int, **environment: str) -> Iterator[House]:
    """Run `manage.py up` on `data` until the block ends, with a demo of that size."""
    log = data.parent / f"{data.name}.log"
    environment = _environment(data, demo) | environment
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    house = House(process, log, data, environment)
    try:
        eventually(lambda: _up(house), START_SECONDS)
        yield house
    finally:
        if process.poll() is None:
            house.stop()


def eventually(claim: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until the claim holds; its value."""
    until = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < until, "still not so"
        time.sleep(0.2)
    return value


def done(client: httpx.Client, job: Mapping[str, Any], seconds: float = 240) -> Any:
    """The job once it is over, which must be well."""

    ended = eventually(lambda: over(client, job), seconds)
    assert ended["state"] == "done", ended["error"]
    return ended


def over(client: httpx.Client, job: Mapping[str, Any]) -> Any:
    """The job as it ended, None while it goes on."""
    now = client.get(job["url"]).json()
    return now if now["state"] not in {"queued", "running"} else None


def upload(client: httpx.Client, name: str, body: bytes) -> Any:
    """The import job of a file, once it is over."""
    response = client.post("/api/v1/episodes/", files={"file": (name, body)})
    assert response.status_code == 202, response.text
    return done(client, response.json())


def label(client: httpx.Client, runs: Sequence[arena.Run]) -> None:
    """Upload simulated runs and give their steps the verdicts the simulator knows."""
    job = upload(client, "arena.jsonl", lines(runs))
    assert (job["result"]["created"], job["result"]["failed"]) == (len(runs), 0)
    known = {run.episode.id: list(run.verdicts) for run in runs}
    wanted = {"import_job": job["id"], "limit": len(runs)}
    for row in client.get("/api/v1/episodes/", params=wanted).json()["results"]:
        judge(client, row["id"], known[row["external_id"]])


def judge(client: httpx.Client, episode: str, verdicts: list[int]) -> None:
    events = [
        {"id": str(uuid.uuid4()), "axis": "verdict", "step": step, "value": verdict}
        for step, verdict in enumerate(verdicts)
    ]
    response = client.post(f"/api/v1/episodes/{episode}/labels/", json=events)
    assert response.status_code == 200, response.text


def lines(runs: Sequence[arena.Run]) -> bytes:
    return "\n".join(json.dumps(run.episode.to_dict()) for run in runs).encode()


def _up(house: House) -> bool:
    assert house.process.poll() is None, house.said
    return "curl" in house.said


def _environment(data: Path, demo: int) -> dict[str, str]:
    environment = {
        **os.environ,
        "PACENOTE_DATA": str(data),
        "PACENOTE_DEMO_EPISODES": str(demo),
        # unpacked once for all tests
        "PACENOTE_BACKBONE": str(ROOT / "var/backbones/smollm2-135m-instruct"),
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "PORT": str(free_port()),
    }
    environment.pop("REDIS_URL", None)
    if url := environment.get("DATABASE_URL"):
        environment["DATABASE_URL"] = _database(url)
    return environment


def _database(url: str) -> str:
    """A new database on the PostgreSQL server of `url`."""
    name = f"house_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return re.sub(r"/postgres\?", f"/{name}?", url)
