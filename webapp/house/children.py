"""The processes of one machine, in the order they start: broker, workers, web."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from webapp import env
from webapp.house import broker
from webapp.house.supervisor import Child


def everything(port: int) -> list[Child]:
    """All children, the embedded broker only where REDIS_URL names no other."""
    embedded, url = [], env.text("REDIS_URL", "")
    environment = {
        # torch takes every core, and crawls as soon as it has to share one
        "OMP_NUM_THREADS": str(max(1, len(os.sched_getaffinity(0)) - 1)),
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
        _child("scorer", _worker("score", threads=1), environment),
        _child("jobs", _worker("jobs", threads=4), environment),
        _child("web", _gunicorn(port), environment),
    ]


def demo(environment: Mapping[str, str]) -> Child:
    """Seeds and trains the demo; it ends by itself and speaks to our terminal."""
    return Child("demo", [sys.executable, "manage.py", "demo"], environment)


def _child(name: str, command: list[str], environment: Mapping[str, str]) -> Child:
    log = settings.DATA_DIR / "logs" / f"{name}.log"
    return Child(name, command, environment, log)


def _worker(queue: str, *, threads: int) -> list[str]:
    options = ["-Q", queue, "-n", f"{queue}@%h", "-P", "threads", "-c", str(threads)]
    # a fleet's chatter is of no use to workers that share nothing but rows
    quiet = ["--without-gossip", "--without-mingle", "-l", "INFO"]
    celery = [sys.executable, "-m", "celery", "-A", "workers.app", "worker"]
    return [*celery, *options, *quiet]


def _gunicorn(port: int) -> list[str]:
    # the workers' heartbeat is a file: on a slow disk it would stall them
    memory = Path("/dev/shm")  # noqa: S108
    heartbeat = memory if memory.is_dir() else settings.DATA_DIR / "tmp"
    gunicorn = [sys.executable, "-m", "gunicorn", "webapp.wsgi"]
    threads = ["--worker-class", "gthread", "--workers", "2", "--threads", "16"]
    place = ["--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", str(heartbeat)]
    # loaded once, then forked: there is no torch in it that a fork could hang
    once = ["--preload", "--no-control-socket", "--log-level", "warning"]
    return [*gunicorn, *threads, *place, *once]
