"""The product's serving path on data of its own: broker, scorer, web.

Everything listens on loopback only and is stopped when the block ends.
"""

import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from webapp.house.supervisor import Child

START_SECONDS = 240
# the running broker, which all that is served shares
BROKER: "list[Child]" = []


@dataclass
class Served:
    """Where the product answers, with a token, and the processes behind it by name."""

    url: str
    secret: str
    model: str
    data: Path
    children: dict[str, "Child"] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=self.headers, **options)


@contextmanager
def data_of_its_own() -> Iterator[Path]:
    """Django on a fresh data directory and a fresh broker's address."""
    data = Path(tempfile.mkdtemp(prefix="pacenote-bench-"))
    backbones = Path(__file__).resolve().parents[1] / "var/backbones"
    os.environ["PACENOTE_DATA"] = str(data)
    os.environ["PACENOTE_LOG"] = "WARNING"
    os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings"
    if backbones.exists():
        (data / "backbones").symlink_to(backbones.resolve())
    from webapp.house import broker

    command, os.environ["REDIS_URL"] = broker.configure(data / "broker")
    import django

    django.setup()
    child = start("broker", command, data)
    BROKER.append(child)
    try:
        yield data
    finally:
        child.stop()
        shutil.rmtree(data, ignore_errors=True)


def start(name: str, command: Sequence[str], data: Path, **more: str) -> "Child":
    from webapp.house.supervisor import Child

    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **more}
    child = Child(name, command, environment, data / "logs" / f"{name}.log")
    child.start()
    return child


@contextmanager
def served(
    data: Path,
    *,
    model: str,
    scorers: Sequence[str] = (),
    stubs: Sequence[str] = ("stub",),
    milliseconds: float = 0.0,
    jobs: bool = False,
) -> Iterator[Served]:
    """Serve `model` with real scorers of these names, or without any with stubs that
    take so many milliseconds an episode; with a worker for `jobs` where it is asked
    for."""
    from webapp.house import children, static_files
    from webapp.house.broker import free_port

    static_files.collect()
    secret, port = _rows(model), free_port()
    stub = [sys.executable, "-m", "benchmarks.stub"]
    real = children.worker("score", threads=1, name="scorer-{}")
    house = Served(f"http://127.0.0.1:{port}", secret, model, data)
    house.children["broker"] = BROKER[-1]
    pace = {"PACENOTE_STUB_MS": str(milliseconds)}
    for name in scorers or stubs:
        command = [part.format(name) for part in real] if scorers else stub
        child = start(name, command, data, PACENOTE_REPLICA=name, **pace)
        if scorers:
            child.spare = children.spare(command)
        house.children[name] = child
    if jobs:
        house.children["jobs"] = start("jobs", children.worker("jobs", threads=2), data)
    house.children["web"] = start("web", children.gunicorn(port), data)
    try:
        until(lambda: scores(house), START_SECONDS)
        yield house
    finally:
        for name, child in reversed(house.children.items()):
            if name != "broker":
                child.stop()


@contextmanager
def revived(house: Served) -> Iterator[None]:
    """While its block runs, as `make up` watches its children."""
    from webapp.house import supervisor

    stopped = threading.Event()
    children = list(house.children.values())
    watcher = threading.Thread(
        target=supervisor.watch, args=(children, lambda line: None, stopped.is_set)
    )
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()


def add_model(house: Served, sha256: str) -> None:
    """Another model of the same project, which requests can name."""
    from django.db import connections

    from webapp.models import RewardModel

    project = RewardModel.objects.get(sha256=house.model).project
    RewardModel.objects.create(project=project, version=2, sha256=sha256)
    connections.close_all()


def until(claim: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > end:
            raise TimeoutError("the product did not come up; its logs say why")
        time.sleep(0.2)


def median(values: Sequence[float]) -> str:
    """The median with its spread, for a table."""
    return f"{statistics.median(values):8.2f} ({min(values):.2f} to {max(values):.2f})"


def machine() -> str:
    """What a figure depends on, in one line."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{len(os.sched_getaffinity(0))} cores, load {load}"


def _rows(model: str) -> str:
    """A project whose champion is `model`; the secret of a token for it."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connections

    from webapp.models import RewardModel
    from webapp.services import projects, tokens

    call_command("migrate", verbosity=0, interactive=False)
    owner, _ = User.objects.get_or_create(username="bench", is_active=True)
    project = projects.create(f"Bench {model[:8]}", owner=owner)
    RewardModel.objects.create(
        project=project, version=1, sha256=model, state="champion"
    )
    _, secret = tokens.create(owner, project, name="bench", scopes=["score", "read"])
    connections.close_all()
    return secret


def scores(house: Served) -> bool:
    """Whether it answers a request for scores."""
    episode = {"task": "Say hello.", "steps": [{"text": "Hello."}]}
    try:
        with house.client(timeout=10) as client:
            answer = client.post("/api/v1/scores/", json={"episodes": [episode]})
    except httpx.HTTPError:
        return False
    return answer.status_code == 200
