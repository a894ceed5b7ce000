"""Files as attachments that no browser will run."""

from pathlib import Path

from django.http import FileResponse, Http404


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
        content_type="application/x-ndjson",
    )
    response["X-Content-Type-Options"] = "nosniff"
    # episodes are what some model wrote: opened in a tab they must stay inert
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
