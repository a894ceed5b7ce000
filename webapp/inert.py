"""Files that no browser runs, whatever they hold."""

from pathlib import Path
from typing import IO

from django.http import FileResponse, Http404


def file(
    path: Path | None,
    *,
    name: str = "",
    content_type: str = "application/octet-stream",
) -> FileResponse:
    """Stream a file: a download under a `name` of ours, without one to be shown.

    Raises: Http404 when there is none (yet).
    """
    if path is None or not path.is_file():
        raise Http404
    return stream(path.open("rb"), name=name, content_type=content_type)


def stream(
    opened: IO[bytes], *, name: str, content_type: str = "application/octet-stream"
) -> FileResponse:
    """An open file, closed once it is sent."""
    answer = FileResponse(
        opened,
        as_attachment=bool(name),
        filename=name,
        content_type=content_type,
    )
    answer["X-Content-Type-Options"] = "nosniff"
    # what some model wrote, or a stranger drew: opened in a tab it must stay inert. A
    # picture of our own making needs the style that the browser lays it out with
    answer["Content-Security-Policy"] = "sandbox" + "; default-src 'none'" * bool(name)
    return answer
