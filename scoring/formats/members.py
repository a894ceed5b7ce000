"""Files inside other files: what a member may be called, how large it may grow.

Nothing is ever unpacked to disk. A member is a stream under a name that is only shown,
and it may not grow out of proportion to the bytes it is made of.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, RawIOBase
from typing import Any, BinaryIO, Protocol

from scoring.errors import UnreadableFile
from scoring.formats.format import RowError

MAX_MEMBERS = 10_000
# bytes, of everything that comes out of one file
MAX_UNPACKED = 8 << 30
# Logs shrink some 10- to 60-fold; deflate can't do better than 1032.
MAX_RATIO = 200
# below this no ratio hurts
HARMLESS = 16 << 20
# of an archive that is read into memory
MAX_HELD = 8 << 20
# left there by desktops and version control
_LITTER = re.compile(r"(?:^|/)(?:__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)")
_ESCAPES = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive, to be read before the next one is asked for."""

    name: str
    stream: BinaryIO


def is_litter(name: str) -> bool:
    return bool(_LITTER.search(name)) and not _ESCAPES.search(name)


def why_refused(name: str, *, is_file: bool) -> str | None:
    """What is wrong with a member, as a sentence; None when it may be read."""
    if _ESCAPES.search(name):
        return "its name leads out of the archive"
    return None if is_file else "it is a link or a device, not a file"


class Archive(Protocol):
    """Members that may be read by name, in any order; what of it was refused."""

    @property
    def entries(self) -> Mapping[str, Any]: ...
    @property
    def refused(self) -> Sequence[RowError]: ...
    def open(self, name: str) -> Member: ...


@dataclass(frozen=True, slots=True)
class Held:
    """A small archive that was read into memory, as its members come one by one."""

    entries: dict[str, bytes]
    refused: tuple[RowError, ...]

    def open(self, name: str) -> Member:
        return Member(name, BytesIO(self.entries[name]))


def hold(members: Iterator[Member | RowError]) -> Held | None:
    """All members, or None where they are too large for that, or damaged."""
    entries: dict[str, bytes] = {}
    refused: list[RowError] = []
    left = MAX_HELD
    try:
        for member in members:
            if isinstance(member, RowError):
                refused.append(member)
                continue
            pieces = []
            while left >= 0 and (piece := member.stream.read(1 << 16)):
                pieces.append(piece)
                left -= len(piece)
            if left < 0:
                return None
            entries[member.name] = b"".join(pieces)
    except UnreadableFile:
        return None
    return Held(entries, tuple(refused))


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Unpacked(RawIOBase):
    """The bytes that `unpacked` gives. With `packed`, the stream they are made of, as
    long as they are not too many for it. `is_cut`: `packed` ended before its time."""

    def __init__(self, unpacked: Readable, packed: BinaryIO | None = None) -> None:
        self._unpacked = unpacked
        self._packed = packed
        self._size = 0
        self.is_cut = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises: UnreadableFile when it is damaged, or grows beyond its limits."""
        try:
            piece = self._unpacked.read(len(buffer))
        except EOFError:
            self.is_cut = True
            return 0
        except (OSError, zlib.error, zipfile.BadZipFile) as error:
            raise UnreadableFile(f"it is damaged: {error}") from None
        self._size += len(piece)
        if self._packed is not None:
            refuse_growth(self._size, self._packed.tell())
        buffer[: len(piece)] = piece
        return len(piece)


def refuse_growth(unpacked: int, packed: int) -> None:
    """Raises: UnreadableFile when `unpacked` bytes are too many for `packed` ones."""
    if unpacked > MAX_UNPACKED:
        raise UnreadableFile(f"it unpacks to more than {MAX_UNPACKED >> 30} GB")
    if unpacked > HARMLESS and unpacked > MAX_RATIO * packed:
        raise UnreadableFile(f"it grows more than {MAX_RATIO}-fold when unpacked")


def refuse_crowd(count: int) -> None:
    """Raises: UnreadableFile when an archive has too many members."""
    if count > MAX_MEMBERS:
        raise UnreadableFile(f"this is an archive of more than {MAX_MEMBERS} files")
