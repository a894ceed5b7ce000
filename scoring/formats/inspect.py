"""Inspect's JSON logs: a sample and its epoch are an episode.

`.eval` files hold the same in several members: see `directories`.
"""

from collections.abc import Iterator
from typing import Any

from scoring.errors import InvalidInput
from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.openai_chat import hear_message
from scoring.schema import Episode, Outcome

_ATTACHED = "attachment://"
_GRADES = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


def read(row: Record) -> Iterator[Episode | RowError]:
    evaluation = fields.record(row.get("eval"))
    for i, sample in enumerate(fields.records(row.get("samples"))):
        try:
            yield _sample(sample, evaluation)
        except InvalidInput as error:
            yield RowError(None, error.detail, pointer=f"/samples/{i}")


def _sample(sample: Record, evaluation: Record) -> Episode:
    attached = fields.record(sample.get("attachments"))
    talk = Conversation(ended="truncated" if sample.get("limit") else "terminated")
    for i, message in enumerate(fields.records(sample.get("messages"))):
        hear_message(talk, _resolved(message, attached), at=f"/messages/{i}")
    talk.task = talk.task or fields.text(sample.get("input"))
    return talk.episode(
        id=f"{sample.get('id')}:{sample.get('epoch', 1)}",
        model=fields.string(evaluation, "model"),
        agent=fields.string(evaluation, "task"),
        columns=fields.without(sample, "messages", "events", "attachments", "store"),
        outcome=_outcome(sample),
    )


def _resolved(value: Any, attached: Record) -> Any:
    """A message with its attachments put back where they were taken from."""
    if isinstance(value, dict):
        return {name: _resolved(inner, attached) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, attached) for inner in value]
    if isinstance(value, str) and value.startswith(_ATTACHED):
        return attached.get(value.removeprefix(_ATTACHED), value)
    return value


def _outcome(sample: Record) -> Outcome:
    """The first scorer's grade; all of them stay in `meta`."""
    scores = fields.record(sample.get("scores")) or {"": sample.get("score")}
    first = fields.record(next(iter(scores.values())))
    value = first.get("value")
    grade = _GRADES.get(value) if isinstance(value, str) else fields.number(value)
    return Outcome(
        success=value if isinstance(value, bool) else None,
        score=grade if grade is not None and 0 <= grade <= 1 else None,
        answer=fields.string(first, "answer") or None,
        reference=fields.text(sample.get("target")) or None,
    )


INSPECT = Format(
    name="inspect",
    title="Inspect logs",
    needs=(keys("version", "status", "eval"),),
    read=read,
)
