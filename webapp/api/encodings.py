"""Compressed bodies, in and out: gzip and zstd.

What comes in is unpacked piece by piece and refused as soon as it is larger than it may
be: the length a body announces says nothing of what is in it.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, Protocol

import zstandard
from django.http.response import HttpResponseBase, StreamingHttpResponse
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from scoring.errors import UnreadableFile
from webapp.errors import TooLarge

PIECE = 64 * 1024
# what fits the ten packets a connection begins with arrives no sooner when it is packed
# (RFC 6928), and costs both sides time
WORTHWHILE = 14_000
MAX_WINDOW = 8 * 2**20

_WBITS_GZIP = 31


class Decoder(Protocol):
    def decompress(self, data: bytes) -> bytes: ...


class UnknownEncoding(UnsupportedMediaType):
    default_detail = "the body's Content-Encoding must be gzip, zstd or identity"

    def __init__(self) -> None:
        super().__init__("", detail=self.default_detail)


def decoded(stream: IO[bytes], request: Request, limit: int) -> bytes:
    """The whole body, unpacked.

    Raises:
        TooLarge: it has more than `limit` bytes.
        UnreadableFile: it isn't what its Content-Encoding says.
        UnknownEncoding: 415.
    """
    pieces = unpacked(iter(lambda: stream.read(PIECE), b""), request)
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) > limit:
            raise TooLarge(f"the body has more than {limit} bytes")
    return bytes(found)


def unpacked(pieces: Iterator[bytes], request: Request) -> Iterator[bytes]:
    """The pieces of a body as they come, unpacked. Raises: as `decoded`."""
    name = request.headers.get("Content-Encoding", "identity").strip().lower()
    if name in {"", "identity"}:
        return pieces
    if name not in _DECODERS:
        raise UnknownEncoding
    return _unpacked(pieces, _DECODERS[name](), name)


def encode(response: HttpResponseBase, request: Request) -> HttpResponseBase:
    """Pack an answer the caller accepts packed, if that is worth it. A file goes as it
    is: it has promised its length."""
    name = _accepted(request)
    if name is None or response.has_header("Content-Encoding"):
        return response
    if isinstance(response, StreamingHttpResponse):
        if response.has_header("Content-Length"):
            return response
        content = response.streaming_content
        response.streaming_content = _packed_lines(content, name)  # type: ignore[arg-type]
    elif len(response.content) < WORTHWHILE:  # type: ignore[attr-defined]
        return response
    else:
        response.content = _PACKED[name](response.content)  # type: ignore[attr-defined]
        response.headers["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
    response.headers["Content-Encoding"] = name
    return response


def _gzip_decoder() -> Any:
    return zlib.decompressobj(_WBITS_GZIP)


def _zstd_decoder() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": _gzip_decoder,
    "zstd": _zstd_decoder,
}


def _unpacked(pieces: Iterator[bytes], decoder: Any, name: str) -> Iterator[bytes]:
    try:
        for piece in pieces:
            # a small piece at a time bounds what one step can unpack to
            for start in range(0, len(piece), 1024):
                if part := decoder.decompress(piece[start : start + 1024]):
                    yield part
    except (zlib.error, zstandard.ZstdError, EOFError):
        raise UnreadableFile(f"the body is not {name}") from None
    if not decoder.eof:
        raise UnreadableFile(f"the {name} body ends before its end")


def _accepted(request: Request) -> str | None:
    header = request.headers.get("Accept-Encoding", "").lower()
    wanted = [
        part.partition(";")[0].strip()
        for part in header.split(",")
        if "q=0" not in part.replace(" ", "").replace("q=0.", "")
    ]
    return next((name for name in ("zstd", "gzip") if name in wanted), None)


def _gzip(content: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, _WBITS_GZIP)
    return packer.compress(content) + packer.flush()


def _zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(content)


_PACKED: dict[str, Callable[[bytes], bytes]] = {"gzip": _gzip, "zstd": _zstd}


def _packed_lines(lines: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Each line packed so that it can be read at once."""
    if name == "gzip":
        packer: Any = zlib.compressobj(1, zlib.DEFLATED, _WBITS_GZIP)
        flush, end = zlib.Z_SYNC_FLUSH, zlib.Z_FINISH
    else:
        packer = zstandard.ZstdCompressor(level=1).compressobj()
        flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        end = zstandard.COMPRESSOBJ_FLUSH_FINISH
    for line in lines:
        yield packer.compress(line) + packer.flush(flush)
    yield packer.flush(end)
