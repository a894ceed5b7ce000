"""Archives come in file by file, and those that are made to harm don't."""

import contextlib
import gzip
import io
import json
import pickle
import stat
import struct
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest

from scoring.errors import UnreadableFile
from scoring.formats import RowError, open_file, open_files, read
from scoring.schema import Episode
from tests.scoring.formats.examples import VALUES
from tests.scoring.formats.packing import Files, tarred, zipped

GOOD = {"task": "t", "steps": [{"text": "a"}]}
LINE = json.dumps(GOOD).encode() + b"\n"
LOG = b"Question: q?\nThought 1: t\nAction 1: Finish[a]\n"


def tar_gz(files: Files) -> bytes:
    return gzip.compress(tarred(files))


def found(data: bytes) -> list[tuple[str | None, str, int]]:
    """(member, format, results) of each file inside."""
    rows = []
    for one in open_files(BytesIO(data)):
        assert not isinstance(one, RowError), one
        rows.append((one.member, one.format.name, len(list(one.episodes))))
    return rows


def errors(data: bytes) -> list[RowError]:
    return [result for result in read(BytesIO(data)) if isinstance(result, RowError)]


EVERY_KIND = pytest.mark.parametrize("pack", [zipped, tarred, tar_gz])
Pack = Callable[[Files], bytes]


@EVERY_KIND
def test_each_member_is_read_in_its_own_format(pack: Pack) -> None:
    assert found(pack({"runs/a.jsonl": LINE * 3, "b": LOG})) == [
        ("runs/a.jsonl", "pacenote", 3),
        ("b", "react", 1),
    ]


@EVERY_KIND
def test_an_archive_is_one_file_to_who_reads_it_as_one(pack: Pack) -> None:
    reading = open_file(BytesIO(pack({"notes.md": b"# Notes", "a": LINE, "b": LOG})))
    refused, *episodes = reading.episodes
    assert reading.format.name == "archive"
    assert (refused.member, len(episodes)) == ("notes.md", 2)


@EVERY_KIND
def test_a_member_nobody_knows_costs_itself_and_is_named(pack: Pack) -> None:
    bad = {"x.pkl": pickle.dumps(GOOD), "y.json": b'{"a": 1}', "z.zip": zipped({})}
    said = errors(pack({"a": LINE, **bad, "b": LINE + b"{broken\n" + LINE}))
    assert [(e.member, e.line) for e in said] == [
        *((name, None) for name in bad),
        ("b", 2),
    ]
    assert "pickle" in said[0].detail


@EVERY_KIND
@pytest.mark.parametrize("name", ["/etc/passwd", "../a", "a/../../b", "C:\\a", "..\\a"])
def test_a_name_that_leads_out_of_the_archive_is_refused(pack: Pack, name: str) -> None:
    [error] = errors(pack({name: LINE, "a": LINE}))
    assert (error.member, "leads out" in error.detail) == (name, True)


@EVERY_KIND
def test_what_desktops_leave_in_archives_is_passed_over(pack: Pack) -> None:
    litter = {"__MACOSX/._a": b"\0\1", ".DS_Store": b"\0", "a/.git/config": b"x"}
    assert found(pack({**litter, "a": LINE})) == [("a", "pacenote", 1)]


def test_a_link_in_a_zip_is_refused() -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = BytesIO(zipped({"a": LINE}))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    [error] = errors(buffer.getvalue())
    assert (error.member, "link" in error.detail) == ("link", True)


@pytest.mark.parametrize("type", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_a_link_or_a_device_in_a_tar_is_refused(type: bytes) -> None:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        header = tarfile.TarInfo("a")
        header.type, header.linkname = type, "/etc/passwd"
        archive.addfile(header)
        header = tarfile.TarInfo("b")
        header.size = len(LINE)
        archive.addfile(header, BytesIO(LINE))
    [error] = errors(buffer.getvalue())
    assert (error.member, "link or a device" in error.detail) == ("a", True)


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_of_tars_are_known(format: int) -> None:
    name, buffer = "é" * 60 + "/" + "b" * 180, BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        header = tarfile.TarInfo(name)
        header.size = len(LINE)
        archive.addfile(header, BytesIO(LINE))
    assert found(buffer.getvalue()) == [(name, "pacenote", 1)]


def test_a_single_file_in_gzip_is_the_file_itself() -> None:
    reading = open_file(BytesIO(gzip.compress(LINE * 2)))
    assert (reading.format.name, reading.member) == ("pacenote", None)
    assert list(reading.episodes) == list(read(BytesIO(LINE * 2)))


def test_gzip_that_was_cut_gives_what_was_whole() -> None:
    many = b"".join(
        json.dumps({**GOOD, "task": f"{i}"}).encode() + b"\n" for i in range(5000)
    )
    *episodes, last = read(BytesIO(gzip.compress(many)[:-2000]))
    assert sum(isinstance(one, Episode) for one in episodes) > 1000
    assert last.truncated


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04zip",
        b"PK\x05\x06" + bytes(18),
        zipped({"a": LINE})[:-30],
        zipped({}),
        zipped({"notes.md": b"# Notes"}),
        b"\x1f\x8bgzip",
        # two workers must find the same test: no time of day in its name
        gzip.compress(pickle.dumps(GOOD), mtime=0),
        gzip.compress(gzip.compress(LINE, mtime=0), mtime=0),
        tarred({"a": LINE})[:300] + b"\xff" + tarred({"a": LINE})[301:],
    ],
)
def test_an_archive_without_a_run_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(UnreadableFile):
        open_file(BytesIO(data))


def test_a_method_that_may_ask_for_gigabytes_is_refused() -> None:
    data = zipped({"a": LINE}, zipfile.ZIP_LZMA)
    with pytest.raises(UnreadableFile, match="packed by a method"):
        open_file(BytesIO(data))


def test_a_stream_that_cannot_go_back_is_asked_for_its_files() -> None:
    class Pipe(io.RawIOBase):
        def __init__(self, data: bytes) -> None:
            self.pieces = iter([data])

        def read(self, size: int = -1) -> bytes:
            return next(self.pieces, b"")

    with pytest.raises(UnreadableFile, match="a zip archive; unpack it"):
        read(Pipe(zipped({"a": LINE})))


# bombs


def growing() -> bytes:
    return zipped({"a": bytes(100 << 20)})


def nested() -> bytes:
    layer = zipped({f"{i}.json": bytes(1 << 20) for i in range(2)})
    return zipped({f"lib {i}.zip": layer for i in range(16)})


def crowded() -> bytes:
    return zipped({str(i): b"" for i in range(20_000)}, zipfile.ZIP_STORED)


def overlapping() -> bytes:
    """Many directory entries for one and the same member."""
    data = zipped({"a": LINE * 10_000})
    start = data.index(b"PK\x01\x02")
    entry, end = data[start : data.index(b"PK\x05\x06")], data[-22:]
    count, size = 5_000, 5_000 * len(entry)
    tail = end[:8] + struct.pack("<HHII", count, count, size, start) + end[20:]
    return data[:start] + entry * count + tail


def gigantic_directory() -> bytes:
    end = zipped({"a": LINE})[-22:]
    entry = b"PK\x01\x02" + bytes(42)
    body = entry * 200_000
    return body + end[:12] + struct.pack("<II", len(body), 0) + end[20:]


def zeros() -> bytes:
    return gzip.compress(bytes(100 << 20))


def endless_name() -> bytes:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(100 << 20))


def packed_zeros_in_tar() -> bytes:
    return gzip.compress(tarred({"a": bytes(50 << 20)}))


def episodes(data: BytesIO) -> Iterator[Episode]:
    with contextlib.suppress(UnreadableFile):
        yield from (one for one in read(data) if isinstance(one, Episode))


@pytest.mark.parametrize(
    "bomb",
    [
        *(growing, nested, crowded, overlapping, gigantic_directory),
        *(zeros, endless_name, packed_zeros_in_tar),
    ],
)
def test_a_bomb_is_refused_fast_and_in_little_memory(bomb: Callable[[], bytes]) -> None:
    data = BytesIO(bomb())
    tracemalloc.start()
    start = time.process_time()
    assert not list(episodes(data))
    seconds = time.process_time() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (seconds < 5, peak < 48 << 20) == (True, True), (seconds, peak)


# directories


def test_an_eval_file_of_inspect_is_its_samples() -> None:
    whole = dict(VALUES["inspect"])
    samples = whole.pop("samples")
    files: dict[str, Any] = {"header.json": whole, "summaries.json": []}
    files |= {f"samples/{i}_epoch_1.json": one for i, one in enumerate(samples)}
    data = zipped({name: json.dumps(value).encode() for name, value in files.items()})
    reading = open_file(BytesIO(data))
    plain = open_file(BytesIO(json.dumps(VALUES["inspect"]).encode()))
    assert reading.format.name == "inspect"
    assert list(reading.episodes) == list(plain.episodes)


def test_a_checkpoint_of_voyager_is_an_episode_a_task() -> None:
    attempt = json.dumps(VALUES["voyager"]).encode()
    files = {
        "ckpt/events/Mine_1_log_20240102_000000": attempt,
        "ckpt/events/Mine_1_log_20240101_000000": attempt,
        "ckpt/events/Eat_20240101_000000": b"[]",
        "ckpt/events/Dig_20240101_000000": b"[",
        "ckpt/curriculum/completed_tasks.json": b'["Mine 1 log"]',
        "ckpt/skill/code/mine.js": b"async function mine() {}",
    }
    reading = open_file(BytesIO(zipped(files)))
    error, episode = reading.episodes
    assert (reading.format.name, error.member) == (
        "voyager",
        "ckpt/events/Dig_20240101_000000",
    )
    assert (episode.task, len(episode.steps)) == ("Mine 1 log", 2)
    assert episode.outcome.success is True


def test_a_member_without_a_name_is_a_file_like_any_other() -> None:
    results = open_file(BytesIO(zipped({"": LINE}))).episodes
    assert [type(result) for result in results] == [Episode]
