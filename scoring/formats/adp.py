"""The Agent Data Protocol's standard records, version 1 (arXiv:2510.24702)."""

from collections.abc import Iterator
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import outcome_of
from scoring.schema import Call, Episode


def read(row: Record) -> Iterator[Episode]:
    talk = Conversation()
    for i, item in enumerate(fields.records(row.get("content"))):
        what = fields.string(item, "class_")
        # some data sets give the task as if the agent had said it
        if what.endswith("_observation") or not talk.task:
            _observe(talk, item)
        elif what.endswith("_action"):
            _act(talk, item, what, f"/content/{i}")
        else:
            talk.warn(f"records of the unknown class {what[:40]!r} were left out")
    details = fields.record(row.get("details"))
    yield talk.episode(
        id=fields.string(row, "id"),
        columns=fields.without(row, "content", "available_apis"),
        outcome=outcome_of(details, talk),
    )


def _observe(talk: Conversation, item: Record) -> None:
    """What follows a call is its result, even where its source is called the user."""
    page = [fields.string(item, name) for name in ("url", "axtree")]
    content = fields.text(item.get("content")) or fields.string(item, "html")
    seen = "\n".join(filter(None, [*page, content]))
    if item.get("class_") == "image_observation":
        seen = f"[image {seen}]"
    if talk.waits():
        talk.result(seen)
    else:
        talk.user(seen)


def _act(talk: Conversation, item: Record, what: str, at: str) -> None:
    thought = [fields.string(item, k) for k in ("reasoning_content", "description")]
    content: Any = item.get("content")
    calls = {
        "api_action": Call(fields.string(item, "function") or "?", item.get("kwargs")),
        "code_action": Call(fields.string(item, "language") or "code", content),
    }
    called = calls.get(what)
    talk.step(
        "" if called else fields.text(content),
        "\n\n".join(filter(None, thought)),
        [called] if called else [],
        reward=fields.number(item.get("reward")),
        raw_ref=at,
    )


def _has_classes(row: Record) -> bool:
    return any("class_" in item for item in fields.records(row["content"])[:3])


ADP = Format(
    name="adp",
    title="records of the Agent Data Protocol",
    needs=(keys("id", "content"),),
    accepts=_has_classes,
    read=read,
)
