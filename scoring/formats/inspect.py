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
    calls = dict(_model_calls(sample))
    talk = Conversation(ended="truncated" if sample.get("limit") else "terminated")
    for i, message in enumerate(fields.records(sample.get("messages"))):
        about = calls.get(fields.string(message, "id"), {})
        row = _resolved(message, attached)
        hear_message(talk, row, at=f"/messages/{i}", **about)
    talk.task = talk.task or fields.text(sample.get("input"))
    return talk.episode(
        id=f"{sample.get('id')}:{sample.get('epoch', 1)}",
        model=fields.string(evaluation, "model"),
        agent=fields.string(evaluation, "task"),
        columns=fields.without(sample, "messages", "events", "attachments", "store"),
        outcome=_outcome(sample),
    )


def _model_calls(sample: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    """(message, what its call took) of each answer whose event was logged."""
    for event in fields.records(sample.get("events")):
        output = fields.record(event.get("output"))
        for choice in fields.records(output.get("choices"))[:1]:
            name = fields.string(fields.record(choice.get("message")), "id")
            usage = fields.tokens(output.get("usage"))
            began, ended = (
                fields.string(event, key) or None for key in ("timestamp", "completed")
            )
            yield name, {"usage": usage, "started_at": began, "ended_at": ended}


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
