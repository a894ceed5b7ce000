"""Step-labelled trajectories of the shared folder as training examples.

Only what a model may read is taken over: the task and, of each step, role, agent,
thought, action, tool and observation.
"""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scoring.schema import Call, Episode, Step

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "labels"

Labelled = tuple[Episode, tuple[int | None, ...], bool | None]


def read(source: str) -> Iterator[Labelled]:
    """Yield (episode, verdict of each step, success) of one source."""
    with gzip.open(SHARED / f"{source}.dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield labelled(json.loads(line))


def labelled(row: dict[str, Any]) -> Labelled:
    steps, verdicts, seen = [], [], ""
    for turn in row["steps"]:
        if turn.get("role", "agent") != "agent":
            seen += turn.get("observation") or turn.get("thought") or ""
            continue
        steps.append(_step(len(steps), turn, seen))
        verdicts.append(turn.get("label"))
        # without a call to hang the result on, it is seen by the step that follows
        seen = "" if steps[-1].calls else turn.get("observation") or ""
    # kept for reports: the template encodes no metadata
    meta = {"subset": str(row["meta"].get("subset") or "")}
    episode = Episode(task=row["task"], steps=tuple(steps), meta=meta)
    return episode, tuple(verdicts), row["outcome"]["success"]


def _step(index: int, turn: dict[str, Any], observation: str) -> Step:
    calls = ()
    if turn.get("tool"):
        arguments = turn["action"].removeprefix(turn["tool"]).removeprefix("(")
        result = turn.get("observation")
        calls = (Call(turn["tool"], arguments.removesuffix(")"), result=result),)
    return Step(
        index=index,
        agent=turn.get("agent", ""),
        thought=turn.get("thought", ""),
        text="" if calls else turn.get("action", ""),
        calls=calls,
        observation=observation,
    )
