"""Streams of OpenAI chat chunks, as clients log them, put together again.

Chunks of one `id` are one answer, the pieces of its calls are joined by their `index`.
A log may hold several answers one after the other, and the requests between them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear, hear_message
from scoring.formats.outcomes import ended_by
from scoring.schema import Episode

_WORDS = ("content", "refusal", "reasoning_content", "reasoning")
_CHUNK = "chat.completion.chunk"


@dataclass(slots=True)
class _Call:
    id: str = ""
    pieces: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, delta: Record) -> None:
        self.id = self.id or fields.string(delta, "id")
        inner = fields.record(delta.get("function"))
        for name in ("name", "arguments"):
            self.pieces[name].append(fields.string(inner, name))

    def whole(self) -> Record:
        joined = {name: "".join(pieces) for name, pieces in self.pieces.items()}
        return {"id": self.id, "function": joined}


@dataclass(slots=True)
class _Answer:
    """One answer as it comes in; of several choices the first is read."""

    words: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    calls: dict[int, _Call] = field(default_factory=dict)
    usage: Any = None

    def add(self, chunk: Record) -> str:
        """Take in a chunk; returns why the answer ended, if it did."""
        self.usage = chunk.get("usage") or self.usage
        reason = ""
        for choice in fields.records(chunk.get("choices")):
            if not fields.count(choice.get("index")):
                self._extend(fields.record(choice.get("delta")))
                reason = fields.string(choice, "finish_reason")
        return reason

    def _extend(self, delta: Record) -> None:
        for name in _WORDS:
            self.words[name].append(fields.string(delta, name))
        for place, piece in enumerate(fields.records(delta.get("tool_calls"))):
            index = fields.count(piece.get("index"))
            call = place if index is None else index
            self.calls.setdefault(call, _Call()).add(piece)

    def whole(self) -> Record:
        joined = {name: "".join(pieces) for name, pieces in self.words.items()}
        calls = [self.calls[index].whole() for index in sorted(self.calls)]
        spoken = joined.get("content") or joined.get("refusal", "")
        about = {"role": "assistant", "tool_calls": calls, "usage": self.usage}
        return {**joined, **about, "content": spoken}


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation()
    answers: dict[str, _Answer] = {}
    for row in rows:
        if "choices" in row:
            answer = answers.setdefault(fields.string(row, "id"), _Answer())
            talk.ended = ended_by(answer.add(row))
        else:
            _say(talk, answers)
            request = fields.record(row.get("request")) or row
            _ask(talk, fields.items(request.get("messages")))
    _say(talk, answers)
    talk.task = talk.task or NO_TASK
    models = (fields.string(row, "model") for row in rows)
    yield talk.episode(
        id=fields.string(rows[0], "id"), model=next(filter(None, models), "")
    )


def _ask(talk: Conversation, messages: Sequence[Any]) -> None:
    """A request repeats all that went before: what follows its last answer is new."""
    roles = [fields.string(fields.record(m), "role") for m in messages]
    answered = "assistant" in roles and len(talk)
    known = len(roles) - roles[::-1].index("assistant") if answered else 0
    hear(talk, messages[known:])


def _say(talk: Conversation, answers: dict[str, _Answer]) -> None:
    for name, answer in answers.items():
        hear_message(talk, answer.whole(), at=name)
    answers.clear()


def _is_chunk(row: Record) -> bool:
    choices = fields.records(row["choices"])
    deltas = bool(choices) and all("delta" in choice for choice in choices)
    return row.get("object") == _CHUNK or deltas


OPENAI_STREAM = Format(
    name="openai_stream",
    title="streams of OpenAI chat chunks",
    needs=(keys("choices"),),
    accepts=_is_chunk,
    read=read,
    unit="file",
)
