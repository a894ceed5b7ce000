"""Ties a process to its parent: when the parent is gone, however it went, so is it."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def tie(parent: int) -> None:
    """Have the kernel kill this process when its parent `parent` dies.

    Called by the child itself, before or after an exec. SIGKILL, since all die at once
    and an orderly end would wait for a broker that is gone. Only Linux can do this;
    elsewhere an orderly stop is the only one that leaves nothing behind.
    """
    if sys.platform != "linux":
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # the parent may have died before the call
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
