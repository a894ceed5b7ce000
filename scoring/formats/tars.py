"""Tar archives, walked header by header: `tarfile` reads long names of any size into
memory and seeks, which a packed stream pays for dearly."""

import re
import tarfile
from collections.abc import Iterator
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO

from scoring.errors import UnreadableFile
from scoring.formats.format import RowError
from scoring.formats.members import (
    Member,
    is_litter,
    refuse_crowd,
    why_refused,
)

BLOCK = 512
CHUNK = 1 << 20
MAX_EXTENSION = 1 << 16
_MAGIC = slice(257, 262)
_PAX_PATH = re.compile(rb"^\d+ path=(.*)$", re.MULTILINE)
_PAX_SIZE = re.compile(rb"^\d+ (?:size|GNU\.sparse\.\S+)=", re.MULTILINE)
_LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE)
_IGNORED = (tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE)


def is_tar(head: bytes) -> bool:
    return head[_MAGIC] == b"ustar"


def tar_members(stream: BinaryIO) -> Iterator[Member | RowError]:
    """The files of an archive in their order; what isn't read of one is skipped.

    Raises:
        UnreadableFile: it is damaged, or has too many members.
    """
    count, long_name = 0, None
    while (header := _header(stream)) is not None:
        refuse_crowd(count := count + 1)
        body = _Body(stream, header.size)
        if header.type in _LONG_NAMES:
            long_name = _long_name(body, header.type)
        elif header.type not in _IGNORED:
            yield from _of(header, long_name or header.name, body)
            long_name = None
        body.skip()


def _of(
    header: tarfile.TarInfo, name: str, body: "_Body"
) -> Iterator[Member | RowError]:
    if header.isdir() or is_litter(name):
        return
    if why := why_refused(name, is_file=header.isreg() and not header.issparse()):
        yield RowError(None, why, member=name)
    else:
        yield Member(name, BufferedReader(body))


def _header(stream: BinaryIO) -> tarfile.TarInfo | None:
    """None at the end: a block of zeros, or of nothing."""
    block = _exactly(stream, BLOCK)
    if not block.strip(b"\0"):
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "replace")
    except tarfile.HeaderError as error:
        raise UnreadableFile(f"the tar archive is damaged: {error}") from None
    if header.size < 0:
        raise UnreadableFile("the tar archive is damaged: a negative size")
    return header


def _long_name(body: "_Body", type: bytes) -> str | None:
    if body.left > MAX_EXTENSION:
        raise UnreadableFile("the tar archive is damaged: a name of megabytes")
    data = body.read() or b""
    if type == tarfile.GNUTYPE_LONGNAME:
        return data.rstrip(b"\0").decode("utf-8", "replace")
    if _PAX_SIZE.search(data):
        raise UnreadableFile("the tar archive has sparse or very large members")
    path = _PAX_PATH.search(data)
    return path and path[1].decode("utf-8", "replace")


class _Body(RawIOBase):
    """The bytes of one member."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._padding = -size % BLOCK
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._stream.read(min(len(buffer), self.left))
        self.left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    def skip(self) -> None:
        while self.left and (piece := self._stream.read(min(CHUNK, self.left))):
            self.left -= len(piece)
        _exactly(self._stream, self._padding)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    """`size` bytes, or what there is of them at the end of the stream."""
    pieces = b""
    while len(pieces) < size and (piece := stream.read(size - len(pieces))):
        pieces += piece
    return pieces
