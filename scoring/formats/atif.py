"""ATIF 1.x, the agent trajectory interchange format of Harbor and others.

A step that only repeats another trajectory's (`is_copied_context`) is context, not a
step of this run. Embedded sub-agents are episodes of their own. What ATIF has no place
for is read from the `extra` objects where our own export puts it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.kinds import own_kind
from scoring.formats.outcomes import ended_by, outcome_of
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode]:
    """A trajectory, then the sub-agents embedded in it, with the calls they are of."""
    yield _episode(row)
    called = dict(_references(row))
    for child in fields.records(row.get("subagent_trajectories")):
        names = (fields.string(child, key) for key in ("trajectory_id", "session_id"))
        call = next((called[name] for name in names if name in called), "")
        above = {"parent": _id(row), "parent_call": call}
        yield _episode(child, {name: value for name, value in above.items() if value})


def read_trial(row: Record, trial: Record) -> Iterator[Episode]:
    """A trajectory with what Harbor's `result.json` beside it knows: the reward."""
    verified = fields.record(trial.get("verifier_result"))
    rewards = fields.record(verified.get("rewards")) or verified
    failure = fields.record(trial.get("exception_info"))
    known = fields.without(trial, "config", "verifier_result")
    for episode in read(row):
        talk = Conversation()
        outcome = outcome_of({"reward": rewards.get("reward")}, talk)
        columns = {
            **episode.meta.get("columns", {}),
            "trial": known,
            "rewards": rewards,
        }
        ended = ended_by(failure.get("exception_type")) if failure else episode.ended
        meta = {**episode.meta, "columns": columns}
        yield replace(episode, outcome=outcome, ended=ended, meta=meta)


def _references(row: Record) -> Iterator[tuple[str, str]]:
    """(trajectory, call) of each sub-agent that a result speaks of."""
    for step in fields.records(row.get("steps")):
        for result in _results(step):
            call = fields.string(result, "source_call_id")
            for child in fields.records(result.get("subagent_trajectory_ref")):
                for key in ("trajectory_id", "session_id"):
                    yield fields.string(child, key), call


def _episode(row: Record, above: Record | None = None) -> Episode:
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
        columns={**columns, **(above or {})},
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
        **own_kind(more.get("kind")),
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
    asks="its schema_version must begin with ATIF",
)
