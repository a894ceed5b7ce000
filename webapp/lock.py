"""One process at a time, by a lock the kernel lets go of when its holder dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.errors import Busy


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file at `path`.

    Raises:
        Busy: another process holds it; the sentence is `what`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(what) from None
        yield
