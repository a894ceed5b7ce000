"""Zip archives, checked by their directory before a byte is unpacked."""

import stat
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import Any, BinaryIO, cast

import zstandard

from scoring.errors import UnreadableFile
from scoring.formats.format import RowError
from scoring.formats.members import (
    MAX_MEMBERS,
    Member,
    Readable,
    Unpacked,
    is_litter,
    refuse_crowd,
    refuse_growth,
    why_refused,
)

# An entry takes 46 bytes and its name: this bounds what listing them costs.
MAX_DIRECTORY = MAX_MEMBERS * 200
# Zstandard, which Python's own zipfile doesn't know yet and Inspect writes
_ZSTD = 93
# bzip2 and LZMA may ask for gigabytes of memory to unpack
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, _ZSTD)
# of what it looks back on; more than any usual level needs
_ZSTD_WINDOW = 32 << 20
_LOCAL_HEADER = 30
_LENGTHS = struct.Struct("<HH")
_ENCRYPTED = 0x1
_DAMAGED = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, struct.error),
    *(OSError, ValueError, NotImplementedError, RuntimeError),
)


@dataclass(frozen=True, slots=True)
class Zip:
    """An open archive: what may be read of it by name, and what was refused."""

    archive: zipfile.ZipFile
    entries: dict[str, zipfile.ZipInfo]
    refused: tuple[RowError, ...]

    def open(self, name: str) -> Member:
        """Raises: UnreadableFile when its header contradicts the directory."""
        entry = self.entries[name]
        try:
            inside = (
                self._zstd(entry)
                if entry.compress_type == _ZSTD
                else cast(Readable, self.archive.open(entry))
            )
        except _DAMAGED as error:
            raise UnreadableFile(f"it is damaged: {error}") from None
        # never more bytes than the directory says, which was checked
        return Member(name, BufferedReader(Unpacked(inside)))

    def _zstd(self, entry: zipfile.ZipInfo) -> Readable:
        stream = cast(BinaryIO, self.archive.fp)
        stream.seek(entry.header_offset)
        header = stream.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise zipfile.BadZipFile("no header where a member begins")
        start = entry.header_offset + _LOCAL_HEADER + sum(_LENGTHS.unpack(header[26:]))
        packed: Any = _Part(stream, start, entry.compress_size)
        unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        return _Limited(unpacker.stream_reader(packed), entry.file_size)


def open_zip(stream: BinaryIO) -> Zip:
    """Read the directory of a seekable stream.

    Raises:
        UnreadableFile: it is damaged, has too many members, or they are too large or
            lie on top of each other, as in a bomb.
    """
    try:
        archive = zipfile.ZipFile(cast(BinaryIO, _Wary(stream)))
    except _DAMAGED:
        raise UnreadableFile("this is a zip archive that is damaged or cut") from None
    entries = archive.infolist()
    refuse_crowd(len(entries))
    _refuse_bomb(entries, archive.start_dir)
    files = {
        entry.filename: entry
        for entry in entries
        # not is_dir(), which fails on a name that is empty
        if not entry.filename.endswith("/") and not is_litter(entry.filename)
    }
    reasons = {name: _why_refused(entry) for name, entry in files.items()}
    return Zip(
        archive,
        {name: entry for name, entry in files.items() if reasons[name] is None},
        tuple(RowError(None, why, member=name) for name, why in reasons.items() if why),
    )


class _Part:
    """`size` bytes of a stream from `start` on, wherever others have moved it."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        self._stream = stream
        self._at = start
        self._end = start + size

    def read(self, size: int = -1) -> bytes:
        left = self._end - self._at
        self._stream.seek(self._at)
        piece = self._stream.read(left if size < 0 else min(size, left))
        self._at += len(piece)
        return piece


class _Limited:
    """No more of a stream than `size` bytes, which is what the directory promised."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int, /) -> bytes:
        try:
            piece = self._stream.read(min(size, self._left))
        except zstandard.ZstdError as error:
            raise zipfile.BadZipFile(str(error)) from None
        self._left -= len(piece)
        return piece


class _Wary(RawIOBase):
    """A stream whose headers can't make us read it into memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY:
            refuse_crowd(MAX_MEMBERS + 1)
        return self._stream.read(size)


def _refuse_bomb(entries: Sequence[zipfile.ZipInfo], end: int) -> None:
    """Sizes are firm once no two members share bytes of the file."""
    for entry in sorted(entries, key=lambda e: e.header_offset, reverse=True):
        name = len(entry.orig_filename)
        if entry.header_offset + _LOCAL_HEADER + name + entry.compress_size > end:
            raise UnreadableFile("this is a zip archive whose members overlap")
        end = entry.header_offset
    packed = sum(entry.compress_size for entry in entries)
    refuse_growth(sum(entry.file_size for entry in entries), packed)


def _why_refused(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & _ENCRYPTED:
        return "it is encrypted"
    if entry.compress_type not in _METHODS:
        return "it is packed by a method that is not read here"
    mode = entry.external_attr >> 16
    is_file = not stat.S_IFMT(mode) or stat.S_ISREG(mode)
    return why_refused(entry.filename, is_file=is_file)
