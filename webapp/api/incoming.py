"""JSON lines of a request as they arrive, long before the request is over."""

import contextlib
import queue
import socket
import threading
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from rest_framework.request import Request

from scoring.errors import ScoringError, UnreadableFile
from webapp.api import encodings
from webapp.errors import AppError, TooLarge

# lines read ahead of the answers
AHEAD = 32
# of a caller who sends nothing and waits for nothing
IDLE_SECONDS = 60.0
_PUT_SECONDS = 1.0

Line = tuple[int, str]


class Incoming:
    """Lines with their numbers, blank ones left out, read by a thread of its own: who
    sends one and waits for its answer gets it before they send the next.

    Raises: UnknownEncoding.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._ended = False
        self._bytes = encodings.unpacked(_pieces(request), request)
        self._lines: queue.Queue[Line | Exception | None] = queue.Queue(AHEAD)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def next(self, *, wait: bool) -> Line | None:
        """The next line; None at the end.

        Raises:
            queue.Empty: none is there yet; with `wait`, none came for a long time.
            UnreadableFile, TooLarge: it can't be read, and nothing after it.
        """
        if self._ended:
            return None
        found = self._lines.get(wait, IDLE_SECONDS if wait else None)
        self._ended = not isinstance(found, tuple)
        if isinstance(found, Exception):
            raise found
        return found

    def __iter__(self) -> Iterator[Line]:
        try:
            while (line := self.next(wait=True)) is not None:
                yield line
        finally:
            self.close()

    def close(self) -> None:
        """Stop reading; what a caller still sends is dropped with the connection."""
        self._closed.set()
        connection = self._request.META.get("gunicorn.socket")
        if self._thread.is_alive() and isinstance(connection, socket.socket):
            self._thread.join(0.05)
            with contextlib.suppress(OSError):
                if self._thread.is_alive():
                    connection.shutdown(socket.SHUT_RD)

    def _read(self) -> None:
        end: Exception | None = None
        try:
            for line in _lines(self._bytes):
                self._put(line)
                if self._closed.is_set():
                    return
        except (ScoringError, AppError) as error:
            end = error
        except OSError:
            # the connection is gone, and with it whoever would read about it
            end = None
        self._put(end)

    def _put(self, item: Line | Exception | None) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                return self._lines.put(item, timeout=_PUT_SECONDS)


def _pieces(request: Request) -> Iterator[bytes]:
    """The body's bytes as soon as they are there."""
    environ = request.META
    if "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        stream = request._request
        return iter(lambda: stream.read(encodings.PIECE), b"")
    return iter(lambda: _arrived(environ["wsgi.input"]), b"")


def _arrived(body: Any) -> bytes:
    # gunicorn's own read() waits until it has a kilobyte, which a caller who waits
    # for the answer to a shorter line will never send; its reader hands out a byte as
    # soon as one is there, and then at once what came with it
    reader: Any = getattr(body, "reader", None)
    if reader is None or not hasattr(reader, "buf"):
        return bytes(body.read(encodings.PIECE))
    first = reader.read(1)
    return bytes(first + reader.read(reader.buf.tell()) if first else b"")


def _lines(pieces: Iterator[bytes]) -> Iterator[Line]:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    number, kept = 0, b""
    for piece in pieces:
        *whole, kept = (kept + piece).split(b"\n")
        for line in whole:
            number += 1
            if line.strip():
                yield number, _text(line, number)
        if len(kept) > limit:
            raise TooLarge(f"line {number + 1} has more than {limit} bytes")
    if kept.strip():
        yield number + 1, _text(kept, number + 1)


def _text(line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        detail = f"the line is not UTF-8 (byte {error.start})"
        raise UnreadableFile(detail, line=number) from None
