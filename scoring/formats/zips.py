"""Zip archives, checked by their directory before a byte is unpacked."""

import stat
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader, RawIOBase
from typing import BinaryIO, cast

from scoring.errors import UnreadableFile
from scoring.formats.format import RowError
from scoring.formats.members import (
    MAX_MEMBERS,
    Member,
    Unpacked,
    is_litter,
    refuse_crowd,
    refuse_growth,
    why_refused,
)

# An entry takes 46 bytes and its name: this bounds what listing them costs.
MAX_DIRECTORY = MAX_MEMBERS * 200
# bzip2 and LZMA may ask for gigabytes of memory to unpack
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LOCAL_HEADER = 30
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
        try:
            inside = self.archive.open(self.entries[name])
        except _DAMAGED as error:
            raise UnreadableFile(f"it is damaged: {error}") from None
        # never more bytes than the directory says, which was checked
        return Member(name, BufferedReader(Unpacked(inside)))


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
        if not entry.is_dir() and not is_litter(entry.filename)
    }
    reasons = {name: _why_refused(entry) for name, entry in files.items()}
    return Zip(
        archive,
        {name: entry for name, entry in files.items() if reasons[name] is None},
        tuple(RowError(None, why, member=name) for name, why in reasons.items() if why),
    )


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
