"""Archives: every file inside is read as a file of its own, in a format of its own.

Zip, tar, and gzip around a tar or a single file. Nothing inside is unpacked a second
time: an archive in an archive is refused like any other binary.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from io import BufferedReader
from itertools import chain
from typing import BinaryIO

from scoring.errors import InvalidInput, UnknownFormat, UnreadableFile
from scoring.formats import directories
from scoring.formats.format import Format, RowError
from scoring.formats.members import Archive, Member, Unpacked, hold
from scoring.formats.reading import Reading, Results, with_member
from scoring.formats.tars import BLOCK, is_tar, tar_members
from scoring.formats.zips import open_zip
from scoring.schema import Episode

Readings = Iterator[Reading | RowError]
OpenOne = Callable[[BinaryIO], Reading]

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def _no_record(_value: object) -> Iterator[Episode | RowError]:
    return iter(())


# The format of an archive as a whole; its members have their own.
ARCHIVE = Format("archive", "archives", needs=(frozenset(),), read=_no_record)


def open_archive(stream: BinaryIO, open_one: OpenOne) -> Readings:
    """The readings of a file: its own, or one for each member of an archive.

    Raises:
        UnreadableFile: the archive as a whole can't be read, or is a bomb.
    """
    if not stream.seekable():
        return iter([open_one(stream)])
    head = _head(stream)
    if head.startswith(_ZIP):
        return _opened(open_zip(stream), open_one)
    if head.startswith(_GZIP):
        return _gunzipped(stream, open_one)
    if is_tar(head):
        return _tarred(lambda: stream, stream, open_one)
    return iter([open_one(stream)])


def flat(readings: Iterable[Reading | RowError]) -> Results:
    """All results of some readings."""
    for reading in readings:
        if isinstance(reading, RowError):
            yield reading
        else:
            yield from reading.episodes


def nothing_inside(refused: Sequence[RowError]) -> UnreadableFile:
    """Why an archive without any trajectory is refused."""
    if not refused:
        return UnreadableFile("this is an archive without a file that could be read")
    first = refused[0]
    return UnknownFormat(
        f"none of the {len(refused)} files in this archive is a trajectory. "
        f"{first.member}: {first.detail}"
    )


def _head(stream: BinaryIO) -> bytes:
    head = stream.read(BLOCK)
    stream.seek(0)
    return head


def _opened(opened: Archive, open_one: OpenOne) -> Readings:
    whole = directories.known(opened)
    return iter([whole]) if whole else _of_folders(opened, open_one)


def _tarred(
    unpacked: Callable[[], BinaryIO], stream: BinaryIO, open_one: OpenOne
) -> Readings:
    """A tar has to be read in its order, unless it is small enough to be held."""
    held = hold(tar_members(unpacked()))
    if held is not None:
        return _opened(held, open_one)
    stream.seek(0)
    return _each(tar_members(unpacked()), open_one)


def _of_folders(opened: Archive, open_one: OpenOne) -> Readings:
    """The runs that are spread over folders, then all other files by themselves."""
    runs, claimed = directories.runs(opened)
    if len(runs) == 1 and claimed == opened.entries.keys() and not opened.refused:
        return iter([replace(runs[0], member=None)])
    return chain(runs, _each(_others(opened, claimed), open_one))


def _others(opened: Archive, claimed: frozenset[str]) -> Iterator[Member | RowError]:
    yield from opened.refused
    for name in filter(lambda name: name not in claimed, opened.entries):
        try:
            yield opened.open(name)
        except UnreadableFile as error:
            yield RowError(None, error.detail, member=name)


def _gunzipped(stream: BinaryIO, open_one: OpenOne) -> Readings:
    raw, unpacked = _unpacked(stream)
    if is_tar(unpacked.peek(BLOCK)):
        stream.seek(0)
        return _tarred(lambda: _unpacked(stream)[1], stream, open_one)
    reading = open_one(unpacked)
    return iter([replace(reading, episodes=_until_cut(reading.episodes, raw))])


def _unpacked(stream: BinaryIO) -> tuple[Unpacked, BufferedReader]:
    raw = Unpacked(gzip.GzipFile(fileobj=stream), stream)
    return raw, BufferedReader(raw)


def _until_cut(results: Results, raw: Unpacked) -> Results:
    yield from results
    if raw.is_cut:
        yield RowError(None, "the gzip file is cut", truncated=True)


def _each(members: Iterator[Member | RowError], open_one: OpenOne) -> Readings:
    for member in members:
        if isinstance(member, RowError):
            yield member
            continue
        try:
            reading = open_one(member.stream)
        except InvalidInput as error:
            yield RowError(error.line, error.detail, error.pointer, member=member.name)
            continue
        results = _guarded(reading.episodes, member.name)
        yield replace(reading, episodes=results, member=member.name)


def _guarded(results: Results, member: str) -> Results:
    """What breaks off in a member costs that member only."""
    try:
        yield from with_member(results, member)
    except InvalidInput as error:
        yield RowError(error.line, error.detail, error.pointer, member=member)
