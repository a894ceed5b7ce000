"""The processes of one machine, in the order they start: broker, workers, web."""

import json
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import redis
from django.conf import settings

from webapp import env, replicas, signs
from webapp.house import broker
from webapp.house.spare import Spare
from webapp.house.supervisor import Child


def everything(port: int) -> list[Child]:
    """All children, the embedded broker only where REDIS_URL names no other."""
    embedded, url = [], env.text("REDIS_URL", "")
    threads = max(1, len(os.sched_getaffinity(0)) - 1)
    environment = {
        # torch takes every core, and crawls as soon as it has to share one
        "OMP_NUM_THREADS": str(threads),
        **os.environ,
        "PACENOTE_DATA": str(settings.DATA_DIR),
        "PYTHONUNBUFFERED": "1",
        # `migrate` has just run Django's checks
        "CELERY_SKIP_CHECKS": "1",
    }
    if not url:
        command, url = broker.configure(settings.DATA_DIR / "broker")
        broker.write_private(settings.BROKER_FILE, url)
        embedded = [_child("broker", command, environment)]
    environment["REDIS_URL"] = url
    return [
        *embedded,
        *_scorers(environment, threads),
        _child("jobs", worker("jobs", threads=4), environment),
        _child("web", gunicorn(port), environment),
    ]


def demo(environment: Mapping[str, str]) -> Child:
    """Seeds and trains the demo; it ends by itself and speaks to our terminal."""
    return Child("demo", [sys.executable, "manage.py", "demo"], environment)


def _child(name: str, command: list[str], environment: Mapping[str, str]) -> Child:
    log = settings.DATA_DIR / "logs" / f"{name}.log"
    return Child(name, command, environment, log)


def _scorers(environment: Mapping[str, str], threads: int) -> list[Child]:
    """One process a replica. The cores are shared out between them, and so are the
    devices that CUDA_VISIBLE_DEVICES names."""
    count = max(1, settings.REPLICAS)
    devices = env.words("CUDA_VISIBLE_DEVICES", "")
    share = str(max(1, threads // count))
    found = []
    for i in range(count):
        name = "scorer" if count == 1 else f"scorer-{i + 1}"
        own = {"PACENOTE_REPLICA": _replica(name), **_device(devices, i, count)}
        if "OMP_NUM_THREADS" not in os.environ:
            own["OMP_NUM_THREADS"] = share
        child = _child(
            name, worker("score", threads=1, name=name), {**environment, **own}
        )
        child.is_alive = _signs_of(own["PACENOTE_REPLICA"], environment["REDIS_URL"])
        # where there are several, the others take over
        if count == 1 and settings.SPARE_SCORER:
            child.spare = spare(child.command)
        found.append(child)
    return found


def _replica(name: str) -> str:
    own = env.text("PACENOTE_REPLICA", socket.gethostname())
    return own if name == "scorer" else f"{own}-{name.removeprefix('scorer-')}"


def _device(devices: list[str], i: int, count: int) -> dict[str, str]:
    if count == 1 or not devices:
        return {}
    return {"CUDA_VISIBLE_DEVICES": devices[i % len(devices)]}


def _signs_of(replica: str, url: str) -> Callable[[int], bool | None]:
    client = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
    name = f"{signs.SIGN}{replicas.SCORER}{replica}"

    def is_alive(pid: int) -> bool | None:
        try:
            sign = client.get(name)
            # a predecessor's sign outlives it by some seconds
            return sign is not None and json.loads(sign)["pid"] == pid
        except redis.RedisError:
            # the broker's fault says nothing of the scorer
            return None

    return is_alive


def worker(queue: str, *, threads: int, name: str = "") -> list[str]:
    # each worker of a host has a name of its own, or `celery inspect` sees but one
    node = f"{name.replace('scorer', queue) or queue}@%h"
    options = ["-Q", queue, "-n", node, "-P", "threads", "-c", str(threads)]
    # a fleet's chatter is of no use to workers that share nothing but rows
    quiet = ["--without-gossip", "--without-mingle", "-l", "INFO"]
    celery = [sys.executable, "-m", "celery", "-A", "workers.app", "worker"]
    return [*celery, *options, *quiet]


def spare(worker: Sequence[str]) -> Spare:
    """The same worker with its imports behind it."""
    celery = worker.index("celery")
    return Spare([sys.executable, "-m", "workers.spare", *worker[celery + 1 :]])


def gunicorn(port: int) -> list[str]:
    # the workers' heartbeat is a file: on a slow disk it would stall them
    memory = Path("/dev/shm")  # noqa: S108
    heartbeat = memory if memory.is_dir() else settings.DATA_DIR / "tmp"
    gunicorn = [sys.executable, "-m", "gunicorn", "webapp.wsgi"]
    threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "40"]
    # a client that pauses for longer than that opens a new connection anyway; after the
    # two seconds of its default gunicorn may close just as the next request is sent
    threads += ["--keep-alive", "75"]
    place = ["--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", str(heartbeat)]
    # loaded once, then forked: there is no torch in it that a fork could hang
    once = ["--preload", "--no-control-socket", "--log-level", "warning"]
    return [*gunicorn, *threads, *place, *once]
