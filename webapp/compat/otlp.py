"""OTLP over HTTP: the door for agents that are instrumented with OpenTelemetry.

`OTEL_EXPORTER_OTLP_ENDPOINT` is our address, the token is in `…_OTLP_HEADERS`.
Requests are JSON or protobuf, plain or gzipped, as the protocol says (OTLP 1.x).
"""

import gzip
import zlib
from base64 import b64decode
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from django.http import HttpResponse
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from scoring import strictjson
from scoring.errors import InvalidInput
from webapp.api import reading
from webapp.api.permissions import WRITE
from webapp.api.schema import JSON, operation
from webapp.api.shapes import FILE, OBJECT, TEXT, record
from webapp.api.view import View
from webapp.errors import TooLarge
from webapp.services import traces
from webapp.services.traces import Receipt

PROTOBUF = "application/x-protobuf"
_IDS = ("traceId", "spanId", "parentSpanId")
_PARTIAL = record({"rejectedSpans": TEXT, "errorMessage": TEXT})
_ANSWER = {"type": "object", "properties": {"partialSuccess": _PARTIAL}}


class JSONRequests(BaseParser):
    media_type = JSON

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return strictjson.loads(_plain(stream, context).decode())
        except UnicodeDecodeError:
            raise InvalidInput("the body is not UTF-8") from None


class ProtobufRequests(BaseParser):
    media_type = PROTOBUF

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            message = ExportTraceServiceRequest.FromString(_plain(stream, context))
        except DecodeError as error:
            raise InvalidInput(f"the body is no protobuf request: {error}") from None
        request = MessageToDict(message)
        strictjson.check(request)
        _in_hexadecimal(request)
        return request


class Traces(View):
    needs = {"POST": WRITE}
    parser_classes = [JSONRequests, ProtobufRequests]

    @operation(
        "OpenTelemetry's trace exporter (OTLP/HTTP)",
        {200: _ANSWER, (200, PROTOBUF): FILE},
        body={JSON: OBJECT, PROTOBUF: FILE},
    )
    def post(self, request: Request) -> HttpResponse:
        reading.query(request)
        asked = reading.check(request.data, OBJECT)
        receipt = traces.accept(self.project, asked)
        if request.content_type.startswith(PROTOBUF):
            return HttpResponse(_message(receipt), content_type=PROTOBUF)
        if not receipt.rejected:
            return Response({})
        partly = {
            # 64-bit numbers are strings in protobuf's JSON
            "rejectedSpans": str(receipt.rejected),
            "errorMessage": receipt.reason,
        }
        return Response({"partialSuccess": partly})


def _message(receipt: Receipt) -> bytes:
    answer = ExportTraceServiceResponse()
    if receipt.rejected:
        answer.partial_success.rejected_spans = receipt.rejected
        answer.partial_success.error_message = receipt.reason
    return bytes(answer.SerializeToString())


def _plain(stream: IO[bytes], context: Mapping[str, Any] | None) -> bytes:
    """The body, unpacked if it is gzipped.

    Raises:
        TooLarge: more than PACENOTE_MAX_BODY_MB, packed or unpacked.
        InvalidInput: it isn't what its header says.
        UnsupportedMediaType: packed in another way.
    """
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    data = stream.read(limit + 1)
    encoding = (context or {})["request"].headers.get("Content-Encoding", "identity")
    if encoding not in ("identity", "gzip"):
        raise UnsupportedMediaType(encoding)
    if encoding == "gzip":
        try:
            data = gzip.GzipFile(fileobj=BytesIO(data)).read(limit + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidInput(f"the body is not gzip: {error}") from None
    if len(data) > limit:
        raise TooLarge(f"the body has more than {limit} bytes")
    return data


def _in_hexadecimal(request: dict[str, Any]) -> None:
    """Ids are base64 in protobuf's JSON, and hexadecimal in OTLP's."""
    for resource in request.get("resourceSpans", ()):
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                for name in _IDS:
                    if name in span:
                        span[name] = b64decode(span[name]).hex()
