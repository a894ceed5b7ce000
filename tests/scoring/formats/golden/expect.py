"""What must come of the example of each format: golden/expected.jsonl, a line a format.

    .venv/bin/python -m tests.scoring.formats.golden.expect

writes it anew. Its diff is what a change to a reader does: read it before it goes in.
"""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

from scoring.formats import FORMATS, RowError, open_file
from tests.scoring.formats.examples import TEXTS

EXPECTED = Path(__file__).with_name("expected.jsonl")


def found(name: str) -> dict[str, Any]:
    """The episodes of an example, without what is empty."""
    reading = open_file(BytesIO(TEXTS[name].encode()))
    episodes = []
    for result in reading.episodes:
        assert not isinstance(result, RowError), (name, result)
        episodes.append(_told(result.to_dict()))
    return {"format": reading.format.name, "episodes": episodes}


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        rows = ((key, _told(inner)) for key, inner in value.items())
        return {key: inner for key, inner in rows if inner not in (None, "", [], {})}
    return [_told(item) for item in value] if isinstance(value, list) else value


def main() -> None:
    lines = (json.dumps(found(f.name), ensure_ascii=False) for f in FORMATS)
    EXPECTED.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
