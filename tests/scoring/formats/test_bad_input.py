"""Bad input is refused with a sentence or costs one row; nothing crashes."""

import bz2
import io
import json
import lzma
import pickle
import sqlite3
from collections.abc import Iterable
from io import BytesIO

import pytest

from scoring.errors import UnknownFormat, UnreadableFile
from scoring.formats import RowError, detect, open_file, read
from scoring.schema import Episode

GOOD = {"task": "t", "steps": [{"text": "a"}]}
LINE = json.dumps(GOOD).encode() + b"\n"


def results(data: bytes) -> list[Episode | RowError]:
    return list(read(BytesIO(data)))


def steps(one: str) -> bytes:
    return b'{"task": "t", "steps": [{"text": ' + one.encode() + b"}]}\n"


def database(path) -> bytes:
    connection = sqlite3.connect(path)
    connection.execute("create table runs (id)")
    connection.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    "data", [b"", b" \n\t ", b"\xef\xbb\xbf", b"\n" * 200_000 + b" "]
)
def test_an_empty_file_says_so(data):
    with pytest.raises(UnreadableFile, match="the file is empty"):
        read(BytesIO(data))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (pickle.dumps(GOOD), "a Python pickle"),
        (bz2.compress(LINE), "a bzip2 archive"),
        (lzma.compress(LINE), "an xz archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG image"),
        (b"PAR1" + bytes(100), "a Parquet table"),
        (b"<!DOCTYPE html><html><body>Hi</body></html>", "a web page"),
        (bytes(range(256)) * 20, "binary data"),
        (LINE.decode().encode("utf-16-le"), "binary data"),
    ],
)
def test_what_is_no_text_is_refused_by_name(data, name):
    with pytest.raises(UnreadableFile, match=name):
        read(BytesIO(data))


def test_a_database_is_refused_by_name(tmp_path):
    with pytest.raises(UnreadableFile, match="an SQLite database"):
        read(BytesIO(database(tmp_path / "runs.db")))


@pytest.mark.parametrize(
    "data",
    [
        b"42",
        b"[1, 2, 3]",
        b"[]",
        b"{}",
        b'"words"',
        b"null",
        b"just words\nand more",
        b'{"foo": 1}',
        b'[["a"], ["b"]]',
    ],
)
def test_what_nobody_knows_is_refused_with_the_nearest_formats(data):
    with pytest.raises(UnreadableFile):
        read(BytesIO(data))


def test_the_refusal_names_three_formats_and_what_they_miss():
    with pytest.raises(UnknownFormat) as refusal:
        read(BytesIO(b'{"task": "t", "moves": []}'))
    assert "It has moves, task" in str(refusal.value)
    assert str(refusal.value).count("lacks") == 3


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (steps("NaN"), "NaN is not JSON"),
        (steps("-Infinity"), "-Infinity is not JSON"),
        (steps("1e999"), "too large"),
        (steps("9" * 4000), "an integer of 4000 digits"),
        (steps(r'"\ud800"'), "surrogate"),
        (steps(r'"\u0000"'), "NUL"),
        (steps('"a\x00b"'), "control character"),
        (steps('"a", "text": "b"'), "appears twice"),
        (steps("[" * 100_000 + "]" * 100_000), "nested deeper"),
        (steps("5"), "expected text"),
        (b'{"task": "t", "steps": []}\n', "at least one step"),
        (b'{"task": "", "steps": [{"text": "a"}]}\n', "needs a task"),
        (b'{"task": "t", "steps": [{}]}\n', "a step needs"),
        (b"{not json}\n", "not valid JSON"),
        (b"[1, 2]\n", "expected a JSON object"),
    ],
)
def test_a_bad_line_costs_one_row_and_is_named(row, reason):
    first, error, last = results(LINE + row + LINE)
    assert isinstance(first, Episode)
    assert isinstance(last, Episode)
    assert isinstance(error, RowError)
    assert error.line == 2
    assert reason in error.detail


@pytest.mark.parametrize(
    "bad", ["NaN", "9" * 4000, r'"\u0000"', '"a", "text": "b"', "5"]
)
def test_a_bad_element_of_a_list_costs_one_row(bad):
    data = b"[" + LINE + b"," + steps(bad) + b"," + LINE + b"]"
    first, error, last = results(data)
    assert isinstance(first, Episode)
    assert isinstance(last, Episode)
    assert isinstance(error, RowError)


def test_an_error_points_into_its_row():
    [_, error] = results(
        LINE + b'{"task": "t", "steps": [{"text": "a"}, {"text": 5}]}\n'
    )
    assert error == RowError(2, "expected text", "/steps/1/text")


@pytest.mark.parametrize(
    "data", [LINE + LINE[:20], b"[" + LINE + b"," + LINE[:20], b"[" + LINE + b","]
)
def test_a_cut_file_gives_what_was_whole_and_says_that_it_was_cut(data):
    episode, error = results(data)
    assert isinstance(episode, Episode)
    assert error.truncated
    assert "ends" in error.detail or "cut" in error.detail


def test_a_single_run_cut_in_the_middle_is_imported_and_flagged():
    [episode] = results(b'{"task": "t", "steps": [{"text": "a"}, {"text": "b"}, {"te')
    assert [step.text for step in episode.steps] == ["a", "b"]
    assert episode.ended == "truncated"
    assert episode.meta["warnings"] == ["the file is cut inside this episode"]


@pytest.mark.parametrize("data", [b'{"task": "t"', b"{", b'{"task', b"[", b"[{"])
def test_a_file_cut_before_its_first_step_is_refused(data):
    with pytest.raises(UnreadableFile):
        read(BytesIO(data))


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + LINE,
        LINE.decode().encode("utf-16"),
        LINE.decode().encode("utf-32"),
        LINE.replace(b"\n", b"\r\n"),
        b"\n\n  " + LINE,
        b"\x1e" + LINE,
        json.dumps(GOOD, indent=2).encode(),
        json.dumps(json.dumps(GOOD)).encode(),
        json.dumps([json.dumps(GOOD)]).encode(),
    ],
)
def test_byte_order_marks_line_ends_and_double_encoding_are_read(data):
    assert results(data) == results(LINE)


def test_bytes_that_are_no_utf8_are_read_as_windows_1252():
    data = json.dumps({**GOOD, "task": "café – €"}, ensure_ascii=False)
    [episode] = results(data.encode("cp1252"))
    assert episode.task == "café – €"


def test_concatenated_documents_are_read_one_by_one():
    assert len(results(json.dumps(GOOD, indent=2).encode() * 3)) == 3


def test_an_id_used_twice_is_imported_with_a_warning():
    twice = json.dumps({**GOOD, "id": "x"}).encode() + b"\n"
    first, second = results(twice + twice)
    assert first.meta == {}
    assert second.meta["warnings"] == ["another episode of this file has this id"]


def test_twenty_thousand_steps_and_a_step_of_five_megabytes_come_in():
    many = {"task": "t", "steps": [{"text": "a"}] * 20_000}
    large = {"task": "t", "steps": [{"text": "a" * 5_000_000}]}
    data = json.dumps(many) + "\n" + json.dumps(large)
    first, second = results(data.encode())
    assert (len(first.steps), len(second.steps[0].text)) == (20_000, 5_000_000)


def test_more_steps_than_the_schema_allows_are_refused():
    messages = [{"role": "user", "content": "q"}]
    messages += [{"role": "assistant", "content": "a"}] * 50_001
    [error] = results(json.dumps({"messages": messages}).encode())
    assert error.detail == "more than 50000 steps"


def test_an_observation_of_a_hundred_thousand_lines_takes_no_time():
    log = (
        "Question: q\nThought: t\nAction: Search[x]\nObservation: " + "line\n" * 100_000
    )
    [episode] = results(log.encode())
    assert episode.steps[0].calls[0].result.count("line") == 100_000


def test_an_unknown_format_name_is_refused_with_the_known_ones():
    with pytest.raises(UnknownFormat, match="known are pacenote, "):
        open_file(BytesIO(LINE), format="papyrus")


def test_a_chosen_format_is_taken_without_looking():
    [error] = list(read(BytesIO(b'{"messages": []}'), format="pacenote"))
    assert error.detail == "unknown field 'messages'"


def test_a_head_is_enough_to_tell_the_format():
    assert detect(LINE * 3 + LINE[:9]).name == "pacenote"


class Slow(io.RawIOBase):
    """A stream that gives a few bytes at a time, as sockets do."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = iter(pieces)

    def read(self, size: int = -1) -> bytes:
        return next(self.pieces, b"")


def test_a_stream_may_come_in_small_pieces():
    data = json.dumps([{**GOOD, "task": "é"}] * 20, ensure_ascii=False).encode()
    pieces = [data[i : i + 7] for i in range(0, len(data), 7)]
    assert list(read(Slow(pieces))) == results(data)
