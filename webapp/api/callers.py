"""Whether the caller is still there, and what their time was spent on."""

import select
import socket
import time
from collections.abc import Callable

from rest_framework.request import Request

from webapp import calls

STAGES = ("queue", "compute", "combine")


def begin(request: Request, seconds: float | None) -> calls.Call:
    """The call this thread answers from now on, within so many seconds."""
    until = None if seconds is None else time.monotonic() + seconds
    return calls.begin(calls.Call(until=until, is_gone=_watch(request)))


def timing(call: calls.Call) -> str:
    """A Server-Timing header; milliseconds."""
    stages = [*call.spent.items(), ("total", time.perf_counter() - call.began)]
    return ", ".join(f"{name};dur={1000 * spent:.2f}" for name, spent in stages)


def _watch(request: Request) -> Callable[[], bool]:
    """gunicorn hands over the connection itself; other servers can't tell."""
    connection = request.META.get("gunicorn.socket")
    if not isinstance(connection, socket.socket):
        return lambda: False
    poll = select.poll()

    def is_gone() -> bool:
        try:
            poll.register(connection, select.POLLIN)
            return bool(poll.poll(0)) and not connection.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):
            return True

    return is_gone
