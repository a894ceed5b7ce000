"""AutoGPT's console logs of 2023: one run, whose goals the log doesn't hold."""

import re
from collections.abc import Iterator

from scoring.errors import UnreadableFile
from scoring.formats.conversation import NO_TASK, Conversation, Turn
from scoring.formats.format import Format, RowError, keys
from scoring.formats.rows import MAX_ROW
from scoring.schema import Call, Episode

_STAMP = re.compile(r"\d{4}-\d\d-\d\d[ T][\d:,.]+ [A-Z]+ +(.*)", re.DOTALL)
_LABEL = re.compile(
    r".*?(THOUGHTS|REASONING|PLAN|CRITICISM|NEXT ACTION|SYSTEM):\s*(.*)", re.DOTALL
)
_RETURNED = re.compile(r"Command \S+ returned: ")


def read(lines: Iterator[tuple[int, str]]) -> Iterator[Episode | RowError]:
    turn = Turn(Conversation(task=NO_TASK))
    for label, body in _entries(lines):
        if label == "NEXT ACTION":
            name, _, arguments = body.removeprefix("COMMAND = ").partition(
                "ARGUMENTS = "
            )
            turn.calls.append(Call(name.strip() or "unnamed", arguments or None))
            turn.end()
        elif label == "SYSTEM":
            turn.talk.result(_RETURNED.sub("", body, count=1))
        elif label:
            turn.thoughts.append(body)
    turn.end()
    yield turn.talk.episode()


def _entries(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """(label, text) of each entry; a text may run over many lines."""
    label, parts, size = "", [""], 0
    for _, line in lines:
        stamped = _STAMP.match(line)
        entry = _LABEL.match(stamped.group(1)) if stamped else None
        if stamped and not stamped.group(1).startswith("- "):
            yield label, "\n".join(parts).strip()
            label, parts, size = "", [], 0
        if entry:
            label = entry.group(1)
        parts.append(entry.group(2) if entry else stamped.group(1) if stamped else line)
        size += len(line)
        if size > MAX_ROW:
            raise UnreadableFile("an entry of more than 64 MB")
    yield label, "\n".join(parts).strip()


AUTOGPT_LOG = Format(
    name="autogpt_log",
    title="AutoGPT console logs",
    needs=(keys("REASONING", "NEXT ACTION"),),
    read=read,
    unit="text",
)
