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
from webapp.house.spare import Process, Spare

Say = Callable[[str], None]

LONGEST_PAUSE = 30.0
# a child that gave signs of life and gives none for so long hangs
HUNG_SECONDS = 8.0
LOOK_SECONDS = 1.0
# one that has lived so long was no failed start: it isn't made to wait
STEADY_SECONDS = 10.0
LOG_BYTES = 10 * 2**20


def _nobody_knows(pid: int) -> None:
    return None


@dataclass
class Child:
    """A command to keep running. It writes to `log`, or to our own terminal; `grace`
    seconds lie between asking it to stop and killing it. `is_alive` knows
    whether a process id gives signs of life (None: can't tell); a child that stops
    giving them is killed. A `spare` waits from the time the child has begun its work,
    and takes its place at once."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path | None = None
    grace: float = 10.0
    spare: Spare | None = None
    process: Process | None = None
    crashes: int = 0
    started_at: float = 0.0
    start_again_at: float | None = None
    is_alive: Callable[[int], bool | None] = _nobody_knows
    last_sign_at: float | None = None
    looked_at: float = 0.0

    def start(self) -> None:
        waiting = self.spare.take() if self.spare else None
        self.process = waiting or self._run(self.command, subprocess.DEVNULL)
        self.started_at = time.monotonic()
        self.start_again_at = None
        self.last_sign_at = None

    def _run(self, command: Sequence[str], stdin: int) -> Process:
        parent = os.getpid()
        with _output(self.log) as output:
            return subprocess.Popen(  # noqa: S603 (commands are our own)
                command,
                env=self.environment,
                stdin=stdin,
                stdout=output,
                stderr=output,
                start_new_session=True,
                bufsize=0,
                # safe: the supervisor has one thread
                preexec_fn=lambda: lifeline.tie(parent),  # noqa: PLW1509
            )

    def revive(self, say: Say) -> None:
        """Start the child again if it died: at once after a first crash, then waiting
        longer after each."""
        if self.start_again_at is None:
            if (code := self.ended()) is not None:
                pause = self._pause()
                self.start_again_at = time.monotonic() + pause
                say(f"{self.name} ended ({_reason(code)}): again in {pause:g} s")
                say(f"  its last words are in {self.log}")
            else:
                self._kill_if_hung(say)
                if self.spare and self._has_begun():
                    self.spare.prepare(lambda it: self._run(it, subprocess.PIPE))
        if self.start_again_at is not None and time.monotonic() >= self.start_again_at:
            self.start()

    def _kill_if_hung(self, say: Say) -> None:
        now = time.monotonic()
        if now - self.looked_at < LOOK_SECONDS:
            return
        assert self.process is not None  # noqa: S101 - it has started
        self.looked_at, alive = now, self.is_alive(self.process.pid)
        if alive or (alive is None and self.last_sign_at is not None):
            self.last_sign_at = now
        elif self.last_sign_at and now - self.last_sign_at > HUNG_SECONDS:
            say(f"{self.name} hangs: killing it")
            self.kill()

    def kill(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ended(self) -> int | None:
        """The exit code, negative for a signal; None before and while it runs."""
        return self.process.poll() if self.process else None

    def stop(self) -> None:
        if self.spare:
            self.spare.stop()
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(self.grace)
        # whatever the child has started and not stopped goes with it
        self.kill()

    def _has_begun(self) -> bool:
        """Whatever it loads or makes at first, a spare needn't do beside it."""
        signed = self.last_sign_at is not None or self.is_alive is _nobody_knows
        return signed and self._is_steady()

    def _is_steady(self) -> bool:
        return time.monotonic() - self.started_at > STEADY_SECONDS

    def _pause(self) -> float:
        self.crashes = 1 if self._is_steady() else self.crashes + 1
        if self.crashes == 1:
            return 0.0
        return min(2.0 ** (self.crashes - 2), LONGEST_PAUSE)


def watch(children: Sequence[Child], say: Say, until: Callable[[], bool]) -> None:
    """Keep the children running until `until()` is true."""
    while not until():
        for child in children:
            child.revive(say)
        time.sleep(0.1)


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
