"""Bytes to text: refuses what is no text, decodes the rest, chunk by chunk.

Nothing is ever unpickled or opened by another program: containers and executables are
named and refused by their first bytes (archives come here only inside another).
"""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from scoring.errors import UnreadableFile

CHUNK = 1 << 20
HEAD = 1 << 16

_MAGIC = (
    (b"\x80", "a Python pickle, which can run code when loaded; export JSON instead"),
    (b"PK\x03\x04", "a zip archive; unpack it and upload the files inside"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ\x00", "an xz archive; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file inside another; upload it by itself"),
    (b"SQLite format 3\x00", "an SQLite database; export its runs as JSON"),
    (b"PAR1", "a Parquet table; save it as JSON Lines"),
    (b"\x93NUMPY", "a NumPy array; export JSON instead"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
)
_WIDE = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WEB_PAGE = re.compile(r"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


def text_chunks(stream: BinaryIO) -> Iterator[str]:
    """The text of a stream. Bytes that aren't UTF-8 are read as Windows-1252.

    Raises:
        UnreadableFile: empty, or an archive, pickle, image, web page or other binary.
    """
    head = stream.read(HEAD)
    _refuse_binary(head)
    pieces = chain([head], iter(lambda: stream.read(CHUNK), b""))
    chunks = _decoded(pieces, _encoding(head))
    first = next((chunk for chunk in chunks if chunk.strip()), None)
    if first is None:
        raise UnreadableFile("the file is empty")
    _refuse_non_prose(first)
    return chain([first], chunks)


def _refuse_binary(head: bytes) -> None:
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise UnreadableFile(f"this is {what}")


def _encoding(head: bytes) -> str:
    return next((name for bom, name in _WIDE if head.startswith(bom)), "utf-8-sig")


def _decoded(pieces: Iterator[bytes], encoding: str) -> Iterator[str]:
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for piece in pieces:
        yield _legacy(decoder.decode(piece))
    yield _legacy(decoder.decode(b"", final=True))


def _legacy(text: str) -> str:
    """Give bytes that were no UTF-8 their Windows-1252 meaning."""
    if text.isascii() or not _NOT_UTF8.search(text):
        return text
    return text.translate(_WINDOWS_1252)


def _refuse_non_prose(head: str) -> None:
    if _WEB_PAGE.match(head):
        raise UnreadableFile("this is a web page, not a trajectory")
    # a real log may hold a stray control character, binary data is full of them
    if len(_CONTROL.findall(head)) * 20 > len(head):
        raise UnreadableFile("this is binary data that no reader knows")


_WINDOWS_1252 = {
    0xDC00 + byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte)
    for byte in range(0x80, 0x100)
}
