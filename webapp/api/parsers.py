"""Request bodies: strict JSON in memory, everything else streamed to disk."""

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser, MultiPartParser

from scoring import strictjson
from scoring.errors import UnreadableFile
from webapp.api import encodings
from webapp.errors import TooLarge

NDJSON = "application/x-ndjson"
Context = Mapping[str, Any] | None


class StrictJSONParser(BaseParser):
    """One JSON document in UTF-8, as strictly as `scoring.strictjson` reads it."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, context: Context = None
    ) -> Any:
        return strictjson.loads(_text(stream, context))


class UploadParser(MultiPartParser):
    """A form with a file; Django has written it to a temporary file by now."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, context: Context = None
    ) -> Any:
        _refuse_beyond(settings.MAX_UPLOAD_BYTES, context)
        return super().parse(stream, media_type, context)


class FileParser(BaseParser):
    """A bare file as the body, whatever it is called; `data` is the unread stream."""

    media_type = "*/*"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, context: Context = None
    ) -> Any:
        _refuse_beyond(settings.MAX_UPLOAD_BYTES, context)
        return stream


def _text(stream: IO[bytes], context: Context) -> str:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    _refuse_beyond(limit, context)
    try:
        return encodings.decoded(stream, (context or {})["request"], limit).decode()
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8 (byte {error.start})"
        raise UnreadableFile(detail) from None


def _refuse_beyond(limit: int, context: Context) -> None:
    # before a byte is read; the server hands over no more than this header announces
    length = int((context or {})["request"].META.get("CONTENT_LENGTH") or 0)
    if length > limit:
        raise TooLarge(f"the body has {length} bytes, the limit is {limit}")
