"""ATIF 1.7, the agent trajectory interchange format, a trajectory a line.

ATIF has places for what was said, called and spent. What it has none for stands in its
`extra` objects, where our own reader finds it: outcomes, rewards, errors, kinds of
steps, names of agents, and what was judged.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scoring.exports.labelled import Labelled
from scoring.exports.propagation import propagation
from scoring.schema import Call, Episode, Step

VERSION = "ATIF-v1.7"


def atif(rows: Iterable[Labelled], *, policy: str = "stop") -> Iterator[str]:
    """One JSON line per episode, labelled or not. `policy` says what happens to the
    verdicts after the first error (propagation.py)."""
    propagate = propagation(policy)
    for row in rows:
        verdicts = propagate(row.verdicts, row.corrected_at)
        yield json.dumps(trajectory(row.episode, verdicts), ensure_ascii=False)


def trajectory(episode: Episode, verdicts: Sequence[int | None]) -> dict[str, Any]:
    """The ATIF object of an episode, `verdicts` one a step. Arguments that are no
    object become one with the key `input`, since ATIF takes nothing else."""
    entries: list[dict[str, Any]] = [
        *([{"source": "system", "message": episode.system}] if episode.system else []),
        {"source": "user", "message": episode.task},
    ]
    for step, verdict in zip(episode.steps, verdicts, strict=True):
        if step.observation:
            entries.append({"source": "user", "message": step.observation})
        entries.append(_entry(step, verdict))
    known = _known(episode.outcome.to_dict())
    if "answer" in known:
        known["final_answer"] = known.pop("answer")
    about = {"ended": episode.ended, "outcome": known}
    return {
        "schema_version": VERSION,
        "session_id": episode.id or episode.content_hash(),
        "agent": _agent(episode),
        "steps": [{"step_id": i, **entry} for i, entry in enumerate(entries, 1)],
        "extra": about,
    }


def _agent(episode: Episode) -> dict[str, Any]:
    named = {"name": episode.agent, "version": "unknown"}
    return {**named, **({"model_name": episode.model} if episode.model else {})}


def _entry(step: Step, verdict: int | None) -> dict[str, Any]:
    named = list(zip(_call_ids(step), step.calls, strict=True))
    calls = [
        {"tool_call_id": id, "function_name": c.name, "arguments": _arguments(c)}
        for id, c in named
    ]
    results = [_result(id, call) for id, call in named if call.result is not None]
    more = {
        "agent": step.agent or None,
        "kind": step.kind,
        "reward": step.reward,
        "error": step.error,
        "ended_at": step.ended_at,
        "verdict": verdict,
    }
    entry = {
        "timestamp": step.started_at,
        "source": "agent",
        "message": step.text,
        "reasoning_content": step.thought or None,
        "tool_calls": calls or None,
        "observation": {"results": results} if results else None,
        "metrics": _metrics(step) or None,
        "extra": _known(more) or None,
    }
    return _known(entry)


def _result(id: str, call: Call) -> dict[str, Any]:
    failed = {"extra": {"is_error": True}} if call.is_error else {}
    return {"source_call_id": id, "content": call.result, **failed}


def _call_ids(step: Step) -> list[str]:
    """The ids of a step's calls, made up where they are missing or used twice."""
    ids: list[str] = []
    for position, call in enumerate(step.calls):
        taken = not call.id or call.id in ids
        ids.append(f"call-{step.index}-{position}" if taken else str(call.id))
    return ids


def _arguments(call: Call) -> dict[str, Any]:
    if isinstance(call.arguments, dict):
        return call.arguments
    return {} if call.arguments is None else {"input": call.arguments}


def _metrics(step: Step) -> dict[str, Any]:
    read = step.tokens.inputs if step.tokens else None
    written = step.tokens.outputs if step.tokens else None
    return _known(
        {"prompt_tokens": read, "completion_tokens": written, "cost_usd": step.cost}
    )


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
