"""How many requests of a web process may wait for a scorer at once.

A request that waits holds one of the server's threads. Were all of them held, the next
callers would queue where nobody counts them or knows their deadline; so some threads
are kept free, which say at once that it is full.
"""

import threading

from django.conf import settings

from webapp.errors import Busy


class Seats:
    """Counts who waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = 0

    def take(self) -> None:
        """Raises: Busy when `SCORE_SEATS` are taken."""
        with self._lock:
            if self._taken >= settings.SCORE_SEATS:
                raise Busy("too many requests are waiting for the scorer")
            self._taken += 1

    def leave(self) -> None:
        with self._lock:
            self._taken -= 1


SEATS = Seats()
