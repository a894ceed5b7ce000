"""From nothing to "Pacenote is up", each step announced; and back down."""

import socket
import time

import httpx
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from webapp.errors import Busy
from webapp.house import children, static_files, supervisor, welcome
from webapp.house.supervisor import Child, Say
from webapp.models import RewardModel
from webapp.models.reward_model import ModelState

# a champion that can't be served any more must not keep its owner from signing in
PATIENCE_SECONDS = 180


def run(port: int, say: Say) -> None:
    """Set up, start, keep running until interrupted, stop.

    Raises:
        Busy: the port is taken.
        KeyboardInterrupt: always, in the end.
    """
    _check_port(port)
    say("preparing the database")
    call_command("migrate", verbosity=0, interactive=False)
    connections.close_all()
    house = children.everything(port)
    demo = children.demo(house[-1].environment)
    try:
        _open(port, house, demo, say)
        supervisor.watch(house, say, until=lambda: False)
    finally:
        supervisor.stop([*house, demo], say)
        settings.BROKER_FILE.unlink(missing_ok=True)


def _open(port: int, house: list[Child], demo: Child, say: Say) -> None:
    say("starting " + ", ".join(child.name for child in house))
    *workers, web = house
    for child in workers:
        child.start()
    # while the workers load; only the web needs them
    static_files.collect()
    web.start()
    url = f"http://127.0.0.1:{port}"
    supervisor.watch(house, say, until=lambda: _answers(f"{url}/healthz"))
    if not RewardModel.objects.exists():
        say("first run: making the demo, which takes some minutes")
        connections.close_all()
        demo.start()
        supervisor.watch(house, say, until=lambda: demo.ended() is not None)
    if RewardModel.objects.filter(state=ModelState.CHAMPION).exists():
        say("waiting for the scorer")
        end = time.monotonic() + PATIENCE_SECONDS
        ready = f"{url}/readyz"
        supervisor.watch(
            house, say, until=lambda: time.monotonic() > end or _answers(ready)
        )
        if not _answers(ready):
            say(f"not everything is ready: {ready} says what")
    else:
        say("no model is promoted yet: scores wait for one")
    say(welcome.text(url))
    connections.close_all()


def _check_port(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        sentence = (
            f"port {port} is taken: choose another, as in PORT={port + 1} make up"
        )
        raise Busy(sentence) from error


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.HTTPError:
        return False
