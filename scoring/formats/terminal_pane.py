"""What a terminal showed while Claude Code ran in it: Terminal-Bench's `panes/*.txt`.

Among other output stand the lines of `stream-json`, broken at the width of the
terminal, and without the spaces a broken line ended with. The pane may begin amid the
run, as a terminal forgets.
"""

from collections.abc import Iterable, Iterator

from scoring import strictjson
from scoring.errors import InvalidEpisode, UnreadableFile
from scoring.formats import claude_code, fields
from scoring.formats.format import Format, Record, keys
from scoring.schema import Episode

_BEGINS = '{"type":"'
MAX_RECORD = 4 << 20


def read(lines: Iterable[tuple[int, str]]) -> Iterator[Episode]:
    rows = [row for row in records(line for _, line in lines) if "message" in row]
    if not rows:
        raise InvalidEpisode("no line of an agent inside that is whole", pointer="")
    yield from claude_code.read(rows)


def records(lines: Iterable[str]) -> Iterator[Record]:
    """The objects that begin on a line of their own, put together again."""
    parts: list[str] = []
    width = size = 0
    for line in lines:
        if line.startswith(_BEGINS):
            parts, width, size = [], len(line), 0
        elif not parts:
            continue
        parts.append(line)
        size += len(line)
        if line.endswith("}") and (row := _whole(parts, width)):
            yield row
            parts = []
        elif size > MAX_RECORD:
            parts = []


def _whole(parts: list[str], width: int) -> Record:
    text = "".join([*(part.ljust(width) for part in parts[:-1]), parts[-1]])
    try:
        return fields.record(strictjson.loads(text))
    except UnreadableFile:
        return {}


TERMINAL_PANE = Format(
    name="terminal_pane",
    title="terminals in which Claude Code ran",
    needs=(keys('{"type":"assistant"'), keys('{"type":"user"')),
    read=read,
    unit="text",
)
