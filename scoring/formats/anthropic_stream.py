"""Streams of Anthropic events, as clients log them: the blocks of each message are put
together again from their deltas."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scoring.formats import anthropic, fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by
from scoring.schema import Episode

_DELTAS = ("text", "thinking", "partial_json")
_EVENTS = ("message_start", "content_block_start", "content_block_delta")


@dataclass(slots=True)
class _Block:
    start: Record
    pieces: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def whole(self) -> Record:
        joined = {name: "".join(pieces) for name, pieces in self.pieces.items()}
        given = joined.pop("partial_json", "")
        called = {"input": fields.parsed(given)} if given else {}
        return {**self.start, **joined, **called}


@dataclass(slots=True)
class _Stream:
    talk: Conversation = field(default_factory=Conversation)
    message: Record = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    blocks: dict[int, _Block] = field(default_factory=dict)

    def take(self, row: Record) -> None:
        kind, index = fields.string(row, "type"), fields.count(row.get("index")) or 0
        if kind == "message_start":
            self.finish()
            self.message = fields.record(row.get("message"))
            self.usage = dict(fields.record(self.message.get("usage")))
        elif kind == "content_block_start":
            self.blocks[index] = _Block(fields.record(row.get("content_block")))
        elif kind == "content_block_delta":
            block = self.blocks.setdefault(index, _Block({"type": "text"}))
            for name in _DELTAS:
                if piece := fields.string(fields.record(row.get("delta")), name):
                    block.pieces[name].append(piece)
        elif kind == "message_delta":
            stopped = fields.record(row.get("delta")).get("stop_reason")
            self.talk.ended = ended_by(stopped)
            self.usage |= fields.record(row.get("usage"))
        elif "messages" in row:
            self.ask(fields.items(row["messages"]))

    def ask(self, messages: Sequence[Any]) -> None:
        """A request; it repeats what was said before, but for its last message."""
        self.finish()
        anthropic.hear(self.talk, messages[-1:] if len(self.talk) else messages)

    def finish(self) -> None:
        blocks = [self.blocks[index].whole() for index in sorted(self.blocks)]
        if blocks:
            name = fields.string(self.message, "id") or None
            tokens = anthropic.tokens(self.usage)
            anthropic.answer(self.talk, blocks, tokens=tokens, raw_ref=name)
        self.blocks = {}


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    stream = _Stream()
    for row in rows:
        stream.take(row)
    stream.finish()
    stream.talk.task = stream.talk.task or NO_TASK
    yield stream.talk.episode(
        id=fields.string(stream.message, "id"),
        model=fields.string(stream.message, "model"),
    )


def _is_event(row: Record) -> bool:
    return row["type"] in _EVENTS


ANTHROPIC_STREAM = Format(
    name="anthropic_stream",
    title="streams of Anthropic events",
    needs=(keys("type", "message"), keys("type", "index")),
    accepts=_is_event,
    read=read,
    unit="file",
)
