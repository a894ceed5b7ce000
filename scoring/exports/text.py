"""The one way a task and a step become plain text for trainers that take only text."""

import json

from scoring.schema import Call, Episode, Step


def prompt(episode: Episode) -> str:
    """System prompt and task, a blank line between them."""
    return "\n\n".join(filter(None, [episode.system, episode.task]))


def completion(step: Step) -> str:
    """What the agent decided: its thought, its words and its calls, a paragraph each.

    A call is written as `name(arguments as JSON)`. Observations and results are left
    out: they are the environment's, and the agent is not judged for them.
    """
    return "\n\n".join(filter(None, [step.thought, step.text, *map(_call, step.calls)]))


def _call(call: Call) -> str:
    return f"{call.name}({json.dumps(call.arguments, ensure_ascii=False)})"
