"""Files as attachments that no browser will run."""

from pathlib import Path

from django.http import FileResponse

from webapp import inert
from webapp.api.parsers import NDJSON
from webapp.api.shapes import FILE, Shape

ATTACHMENT: dict[int | tuple[int, str], Shape | None] = {(200, NDJSON): FILE}


def attachment(path: Path | None, name: str) -> FileResponse:
    """Stream a file of JSON lines.

    Raises: Http404 when there is none (yet).
    """
    return inert.file(path, name=name, content_type=NDJSON)
