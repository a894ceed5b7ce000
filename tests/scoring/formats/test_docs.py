"""The documents say what the code does."""

import json
import re
from io import BytesIO
from pathlib import Path

from scoring.formats import FORMATS, read
from scoring.schema import Episode

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_the_example_of_the_episode_format_is_an_episode():
    page = (DOCS / "episode-format.md").read_text()
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    [episode] = read(BytesIO(example.encode()))
    assert isinstance(episode, Episode)
    written = json.loads(example)
    read_back = episode.to_dict()
    assert {key: read_back[key] for key in written if key != "steps"} == {
        key: written[key] for key in written if key != "steps"
    }


def test_every_format_has_its_row():
    page = (DOCS / "formats.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [
        f.name for f in FORMATS
    ]
