"""ATIF 1.x, the agent trajectory interchange format of Harbor and others.

A step that only repeats another trajectory's (`is_copied_context`) is context, not a
step of this run. Embedded sub-agents are episodes of their own. What ATIF has no place
for is read from the `extra` objects where our own export puts it.
"""

from collections.abc import Iterator
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import outcome_of
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode]:
    """A trajectory, then the sub-agents embedded in it."""
    yield _episode(row)
    for child in fields.records(row.get("subagent_trajectories")):
        yield _episode(child, parent=_id(row))


def _episode(row: Record, parent: str = "") -> Episode:
    agent = fields.record(row.get("agent"))
    about = fields.record(row.get("extra"))
    cut = about.get("ended") == "truncated"
    talk = Conversation(ended="truncated" if cut else "terminated")
    for i, step in enumerate(fields.records(row.get("steps"))):
        _hear(talk, step, f"/steps/{i}")
    columns = fields.without(row, "steps", "session_id", "subagent_trajectories")
    return talk.episode(
        id=_id(row),
        agent=fields.string(agent, "name"),
        model=fields.string(agent, "model_name"),
        columns={**columns, **({"parent": parent} if parent else {})},
        outcome=outcome_of(about, talk),
    )


def _id(row: Record) -> str:
    return fields.string(row, "trajectory_id", "session_id")


def _hear(talk: Conversation, step: Record, at: str) -> None:
    words = fields.text(step.get("message"))
    if step.get("source") == "agent" and step.get("is_copied_context") is not True:
        _decide(talk, step, words, at)
    elif step.get("source") == "system":
        talk.system(words)
    else:
        talk.user(words)
    for result in _results(step):
        call_id, seen = fields.string(result, "source_call_id"), result.get("content")
        if call_id or step.get("tool_calls"):
            failed = fields.record(result.get("extra")).get("is_error") is True
            talk.result(fields.text(seen), call_id, is_error=failed)
        else:
            talk.user(fields.text(seen))


def _decide(talk: Conversation, step: Record, words: str, at: str) -> None:
    metrics = fields.record(step.get("metrics"))
    cost = metrics.get("cost_usd", metrics.get("cost"))
    more = fields.record(step.get("extra"))
    talk.step(
        words,
        fields.string(step, "reasoning_content"),
        [fields.call(call) for call in fields.records(step.get("tool_calls"))],
        tokens=fields.tokens(metrics),
        cost=fields.number(cost),
        started_at=fields.string(step, "timestamp") or None,
        ended_at=fields.string(more, "ended_at") or None,
        agent=fields.string(more, "agent"),
        reward=fields.number(more.get("reward")),
        error=fields.string(more, "error") or None,
        raw_ref=at,
    )


def _results(step: Record) -> list[Record]:
    if step.get("is_copied_context") is True:
        return []
    return fields.records(fields.record(step.get("observation")).get("results"))


def _is_atif(row: Record) -> bool:
    version: Any = row["schema_version"]
    return isinstance(version, str) and version.startswith("ATIF")


ATIF = Format(
    name="atif",
    title="ATIF trajectories",
    needs=(keys("schema_version", "steps"),),
    accepts=_is_atif,
    read=read,
)
