"""Voyager's event files (arXiv:2305.16291): one file is one attempt, and one step.

The program that the agent ran is not in the file, nor is the task, which is its name.
What the world answered is: chat, errors, and the state after each.
"""

import json
from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode

_STATE = ("status", "inventory")


def read(events: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation(task=NO_TASK)
    answers = [fields.string(event, "onChat", "onError") for event in events]
    if events:
        talk.user(_state(events[0]))
        answers.append(_state(events[-1]))
    failed = any("onError" in event for event in events)
    result = "\n".join(filter(None, answers))
    talk.step(calls=[Call("run_program", result=result, is_error=failed)])
    yield talk.episode(columns={"events": len(events)})


def _state(event: Record) -> str:
    state = {name: event[name] for name in _STATE if name in event}
    return json.dumps(state, ensure_ascii=False)


VOYAGER = Format(
    name="voyager",
    title="Voyager event files",
    needs=(keys("status", "inventory", "voxels"),),
    read=read,
    unit="file",
)
