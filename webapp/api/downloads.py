"""Files as attachments that no browser will run."""

from pathlib import Path

from django.http import FileResponse, Http404

from webapp.api.parsers import NDJSON
from webapp.api.shapes import FILE, Shape

ATTACHMENT: dict[int | tuple[int, str], Shape | None] = {(200, NDJSON): FILE}


def attachment(path: Path | None, name: str) -> FileResponse:
    """Stream a file of JSON lines.

    Raises: Http404 when there is none (yet).
    """
    if path is None or not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=name,
        content_type=NDJSON,
    )
    response["X-Content-Type-Options"] = "nosniff"
    # episodes are what some model wrote: opened in a tab they must stay inert
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
