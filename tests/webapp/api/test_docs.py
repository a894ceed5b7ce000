"""docs/api.md names every call there is, and no other."""

import re
from pathlib import Path

from drf_spectacular.generators import SchemaGenerator

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text()
HEADING = re.compile(r"^### ([A-Z]+ /\S+)$", re.MULTILINE)
OPERATIONS = {"GET /healthz", "GET /readyz"}


def test_every_call_has_its_heading_and_every_heading_its_call() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    calls = {f"{m.upper()} {path}" for path, methods in paths.items() for m in methods}
    assert set(HEADING.findall(TEXT)) == calls | OPERATIONS


def test_every_heading_is_followed_by_a_line_to_paste() -> None:
    parts = HEADING.split(TEXT)[1:]
    for call, text in zip(parts[::2], parts[1::2], strict=True):
        assert "```sh" in text, call
