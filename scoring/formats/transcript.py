"""Transcripts: a speaker's name, a colon, what was said. AutoGPT's first logs of 2023
are such texts, and so are the dialogues of tau-bench's few-shot prompts.
"""

import re
from collections.abc import Iterable, Iterator

from scoring.errors import UnreadableFile
from scoring.formats import fields
from scoring.formats.autogpt import decide
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.rows import MAX_ROW
from scoring.schema import Call, Episode

_SPEAKER = re.compile(
    r"(?P<who>USER|SYSTEM|[A-Z]\w{0,40}-GTP|System|User|Assistant|Human):"
    r"(?P<words>.*)",
    re.DOTALL,
)
_SAID = re.compile(r"^(system|user|assistant|tool): ?", re.MULTILINE)
# what AutoGPT says in the user's name to hear the next command
_NEXT = "NEXT COMMAND"
_RULER = "-" * 20


def read(lines: Iterable[tuple[int, str]]) -> Iterator[Episode]:
    talk = Conversation()
    for who, words, at in _turns(lines):
        _hear(talk, who.lower(), words, f"line {at}")
    talk.task = talk.task or NO_TASK
    yield talk.episode()


def _turns(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[str, str, int]]:
    """(speaker, words, line) of each turn; a turn may run over many lines."""
    who, at, said, size = "", 1, [""], 0
    for number, line in lines:
        begins = _SPEAKER.match(line)
        if begins:
            yield who, "\n".join(said).strip(), at
            who, at, said, size = begins["who"], number, [], 0
        if not line.startswith(_RULER):
            said.append(begins["words"] if begins else line)
        size += len(line)
        if size > MAX_ROW:
            raise UnreadableFile(f"a turn longer than {MAX_ROW >> 20} MB", line=at)
    yield who, "\n".join(said).strip(), at


def _hear(talk: Conversation, who: str, words: str, at: str) -> None:
    if words == _NEXT:
        return
    if who in ("", "system", "user", "human"):
        if who != "human" and talk.waits():
            talk.result(words)
        elif who in ("user", "human"):
            talk.user(words)
        else:
            talk.system(words)
    elif words:
        decide(talk, words, at)


def read_display(row: Record) -> Iterator[Episode]:
    """A dialogue as one text. It shows what a tool gave back, but not what was asked of
    it: there the assistant says None."""
    talk = Conversation()
    _, *pieces = _SAID.split(fields.text(row.get("messages_display")))
    for who, said in zip(pieces[::2], pieces[1::2], strict=True):
        words = said.strip()
        if who == "assistant" and words == "None":
            talk.step(calls=[Call("unnamed")])
        elif who == "assistant":
            talk.step(words)
        elif who == "tool":
            talk.result(words)
        else:
            (talk.user if who == "user" else talk.system)(words)
    yield talk.episode(columns=fields.without(row, "messages_display"))


TRANSCRIPT = Format(
    name="transcript",
    title="transcripts of User: and Assistant:",
    needs=(
        keys("User", "Assistant"),
        keys("Human", "Assistant"),
        keys("USER", "Entrepreneur-GTP"),
    ),
    read=read,
    unit="text",
)
TAU_DISPLAY = Format(
    name="tau_display",
    title="tau-bench's few-shot dialogues",
    needs=(keys("messages_display"),),
    read=read_display,
)
