"""pydantic-ai's message history: requests and responses made of parts."""

from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.schema import Episode


def read(messages: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation()
    for i, message in enumerate(messages):
        talk.system(fields.string(message, "instructions"))
        turn = Turn(talk)
        for part in fields.records(message.get("parts")):
            _take(turn, part)
        turn.end(
            tokens=fields.tokens(message.get("usage")),
            started_at=fields.string(message, "timestamp") or None,
            raw_ref=f"/{i}",
        )
    models = (fields.string(message, "model_name") for message in messages)
    yield talk.episode(model=next(filter(None, models), ""))


def _take(turn: Turn, part: Record) -> None:
    kind, words = fields.string(part, "part_kind"), fields.text(part.get("content"))
    call_id, name = (fields.string(part, k) for k in ("tool_call_id", "tool_name"))
    if kind == "thinking":
        turn.thoughts.append(words)
    elif kind == "text":
        turn.words.append(words)
    elif kind.endswith("tool-call"):
        turn.calls.append(fields.call(part))
    elif kind.endswith("tool-return") or (kind == "retry-prompt" and name):
        # newer versions say so of the answer, older ones ask to try again
        outcome = fields.string(part, "outcome") or "success"
        failed = kind == "retry-prompt" or outcome != "success"
        turn.talk.result(words, call_id, name, is_error=failed)
    elif kind == "system-prompt":
        turn.talk.system(words)
    else:
        turn.talk.user(words)


PYDANTIC_AI = Format(
    name="pydantic_ai",
    title="pydantic-ai messages",
    needs=(keys("kind", "parts"),),
    read=read,
    unit="file",
)
