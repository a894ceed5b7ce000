"""Browsing agents: WebArena trajectories (arXiv:2307.13854) and the cleaned runs of
AgentRewardBench (arXiv:2504.08942). A page is its address and accessibility tree.
"""

import re
from collections.abc import Iterator
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import outcome_of
from scoring.schema import Call, Episode

_WRITTEN = re.compile(r"\s*(\w{1,80})[(\[](.*)[)\]]\s*", re.DOTALL)


def read_webarena(row: Record) -> Iterator[Episode]:
    """Pages and actions in turn."""
    talk = Conversation(task=fields.string(row, "intent"))
    answer = ""
    for i, item in enumerate(fields.items(row.get("trajectory"))):
        entry = fields.record(item)
        action = entry.get("action", item if isinstance(item, str) else None)
        if action is None:
            talk.user(_page(entry))
            continue
        thought = fields.string(fields.record(entry.get("metadata")), "cot")
        answer = fields.string(fields.record(action), "answer") or answer
        talk.step("", thought, [_call(action)], raw_ref=f"/trajectory/{i}")
    yield talk.episode(
        id=fields.string(row, "task_id"),
        model=fields.string(row, "source"),
        columns=fields.without(row, "trajectory", "intent"),
        outcome=outcome_of({"final_answer": answer, **row}, talk),
    )


def read_rated(row: Record) -> Iterator[Episode]:
    talk = Conversation(task=fields.string(row, "goal"))
    for i, step in enumerate(fields.records(row.get("steps"))):
        talk.user(_page(step))
        called = [_call(step["action"])] if step.get("action") else []
        thought = fields.string(step, "reasoning")
        talk.step("", thought, called, raw_ref=f"/steps/{i}")
    summary = fields.record(row.get("summary_info"))
    if summary.get("truncated") is True:
        talk.ended = "truncated"
    yield talk.episode(
        agent=fields.string(row, "agent"),
        columns=fields.without(row, "steps", "goal"),
        outcome=outcome_of({"reward": summary.get("cum_reward")}, talk),
    )


def _page(entry: Record) -> str:
    return "\n".join(filter(None, (fields.string(entry, k) for k in ("url", "axtree"))))


def _call(action: Any) -> Call:
    """An action as an object whose unused fields are empty, or as written."""
    if isinstance(action, str):
        written = _WRITTEN.fullmatch(action)
        return Call(written[1], written[2]) if written else Call("action", action)
    row = fields.record(action)
    used = {k: v for k, v in row.items() if v not in ("", [], None)}
    name = fields.string(row, "action_name", "action_type") or "action"
    return Call(name, fields.without(used, "action_name", "action_type"))


WEBARENA = Format(
    name="webarena",
    title="WebArena trajectories",
    needs=(keys("intent", "trajectory"),),
    read=read_webarena,
)
AGENT_REWARD_BENCH = Format(
    name="agent_reward_bench",
    title="AgentRewardBench runs",
    needs=(keys("goal", "steps", "summary_info"),),
    read=read_rated,
)
