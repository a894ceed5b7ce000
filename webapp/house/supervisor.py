"""Child processes kept running, and stopped in order.

Each child is a session of its own, so that a ctrl-C at the terminal reaches only the
supervisor, which then stops them one by one; and each is tied to the supervisor's life,
so that even `kill -9` of it leaves nothing running.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from webapp import lifeline

Say = Callable[[str], None]

LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
LOG_BYTES = 10 * 2**20


@dataclass
class Child:
    """A command to keep running. It writes to `log`, or to our own terminal; `grace`
    seconds lie between asking it to stop and killing it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None
    grace: float = 10.0
    process: "subprocess.Popen[bytes] | None" = None
    crashes: int = 0
    started_at: float = 0.0
    start_again_at: float | None = None

    def start(self) -> None:
        parent = os.getpid()
        with _output(self.log) as output:
            self.process = subprocess.Popen(  # noqa: S603 (commands are our own)
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                # safe: the supervisor has one thread
                preexec_fn=lambda: lifeline.tie(parent),  # noqa: PLW1509
            )
        self.started_at = time.monotonic()
        self.start_again_at = None

    def revive(self, say: Say) -> None:
        """Start the child again if it died, waiting longer after each crash."""
        if self.start_again_at is None:
            if (code := self.ended()) is not None:
                pause = self._pause()
                self.start_again_at = time.monotonic() + pause
                say(f"{self.name} ended ({_reason(code)}): again in {pause:g} s")
                say(f"  its last words are in {self.log}")
        elif time.monotonic() >= self.start_again_at:
            self.start()

    def ended(self) -> int | None:
        """The exit code, negative for a signal; None before and while it runs."""
        return self.process.poll() if self.process else None

    def stop(self) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.grace)
        # whatever the child has started and not stopped goes with it
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _pause(self) -> float:
        steady = time.monotonic() - self.started_at > STEADY_SECONDS
        self.crashes = 1 if steady else self.crashes + 1
        return min(2.0 ** (self.crashes - 1), LONGEST_PAUSE)


def watch(children: Sequence[Child], say: Say, until: Callable[[], bool]) -> None:
    """Keep the children running until `until()` is true."""
    while not until():
        for child in children:
            child.revive(say)
        time.sleep(0.25)


def stop(children: Sequence[Child], say: Say) -> None:
    """Stop the children, the last one started first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for child in reversed(children):
        say(f"stopping {child.name}")
        child.stop()


def _output(path: Path | None) -> BinaryIO:
    if path is None:
        return os.fdopen(os.dup(1), "wb")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
