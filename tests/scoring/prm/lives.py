"""Children that work on what the tests have loaded, to be killed at any instant."""

import os
from collections.abc import Callable

FAILED = 99


def born(work: Callable[[], int]) -> int:
    """The id of a child whose exit status is what `work` gives, FAILED if it raises. It
    never comes back into the tests."""
    life = os.fork()
    if not life:
        try:
            os._exit(work())
        finally:
            os._exit(FAILED)
    return life


def ended(life: int) -> int:
    """The exit status of a child, minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(life, 0)[1])
