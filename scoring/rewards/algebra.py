"""Equality of mathematical answers, asked of math-verify in a process of its own.

Simplifying what a policy wrote can take for ever, or all memory: the process
(`algebra_child.py`) has a bounded heap, and is killed where it doesn't answer in time.
One lives for each process that asks, started by the first question.
"""

import atexit
import json
import select
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast

from scoring.errors import ScoringError

SECONDS = 5.0
STARTING_SECONDS = 60.0  # sympy is slow to import on a busy machine
CHARACTERS = 10_000  # an answer is stated at the end

_CHILD = Path(__file__).with_name("algebra_child.py")


def equal(answer: str, reference: str) -> float | None:
    """1 where both mean the same, 0 where they don't or nobody could tell in time;
    None where the reference is no mathematics."""
    return _verifier.ask(answer[-CHARACTERS:], reference[-CHARACTERS:])


class _Verifier:
    """The child, and the lock that gives it one question at a time."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def ask(self, answer: str, reference: str) -> float | None:
        with self._turn:
            child = self._running()
            try:
                print(json.dumps([answer, reference]), file=child.stdin, flush=True)
                verdict = _line(child, SECONDS)
            except BrokenPipeError:
                verdict = ""
            if not verdict:
                self.close()
                return 0.0
            found: float | None = json.loads(verdict)
            return found

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()
            self._child = None

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None or self._child.poll() is not None:
            self.close()
            # -I: nothing of the working directory or the environment is imported
            self._child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            if not _line(self._child, STARTING_SECONDS):
                self.close()
                raise ScoringError("math-verify could not be started")
        return self._child


def _line(child: subprocess.Popen[str], seconds: float) -> str:
    """The next line the child prints, "" where none comes in time or it is gone."""
    out = cast("IO[str]", child.stdout)
    ready, _, _ = select.select([out], [], [], seconds)
    return out.readline() if ready else ""


_verifier = _Verifier()
atexit.register(_verifier.close)
