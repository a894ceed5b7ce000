"""A child's successor, started before it is needed."""

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

Process = subprocess.Popen[bytes]
# after one that ended by itself
PAUSE_SECONDS = 60.0


@dataclass
class Spare:
    """`command` does all that can be done beforehand, then waits for a line on its
    standard input to go on as the child, or for the end of it to end."""

    command: Sequence[str]
    process: Process | None = None
    again_at: float = 0.0

    def prepare(self, start: Callable[[Sequence[str]], Process]) -> None:
        """Have one wait, unless one does; `start` gives its input a pipe."""
        if self._waiting() is None and time.monotonic() >= self.again_at:
            self.again_at = time.monotonic() + PAUSE_SECONDS
            self.process = start(self.command)

    def take(self) -> Process | None:
        """The one that waits, told to go on; None where none does."""
        process = self._waiting()
        self.process = None
        if process is None:
            return None
        try:
            _input(process).write(b"\n")
        except BrokenPipeError:
            # it ended this very moment; whoever it was, it is no child now
            return None
        finally:
            _input(process).close()
        self.again_at = 0.0
        return process

    def stop(self) -> None:
        if process := self._waiting():
            _input(process).close()
            process.kill()
            process.wait()
        self.process = None

    def _waiting(self) -> Process | None:
        if self.process is not None and self.process.poll() is not None:
            _input(self.process).close()
            self.process = None
        return self.process


def _input(process: Process) -> BinaryIO:
    assert process.stdin  # noqa: S101 - see `prepare`
    return cast("BinaryIO", process.stdin)
