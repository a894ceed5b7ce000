"""Terminal-Bench 0.x: the answers of its own agent, Terminus, and a trial's folder.

An answer is what the agent makes of the terminal, and keystrokes: each a call. What the
terminal showed is in the prompt of the next cycle. An answer that doesn't parse is what
was said.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by
from scoring.schema import Call, Episode, Outcome

_THOUGHTS = ("state_analysis", "explanation", "analysis", "plan")


def read(answers: Sequence[Record]) -> Iterator[Episode]:
    """The answers alone, one after the other."""
    talk = Conversation(task=NO_TASK)
    for i, answer in enumerate(answers):
        _decide(talk, answer, f"/{i}")
    yield talk.episode()


def episode(logs: Iterable[tuple[str, str]], result: Record) -> Episode:
    """A trial: (file name, text) of each cycle's prompt and answer, and its result."""
    talk = Conversation(task=fields.string(result, "instruction"))
    for name, text in logs:
        if name.startswith("prompt"):
            talk.user(text)
        else:
            _decide(talk, fields.record(fields.parsed(text)) or text, name)
    return judged(talk.episode(), result)


def judged(episode: Episode, result: Record) -> Episode:
    """An episode with what the trial's `results.json` knows of it."""
    resolved = result.get("is_resolved")
    known = fields.without(result, "instruction", "trial_name")
    columns = {**fields.record(episode.meta.get("columns")), "trial": known}
    return replace(
        episode,
        id=fields.string(result, "trial_name", "id") or episode.id,
        task=fields.string(result, "instruction") or episode.task,
        outcome=Outcome(success=resolved if isinstance(resolved, bool) else None),
        ended=ended_by(result.get("failure_mode")),
        meta={**episode.meta, "columns": columns},
    )


def _decide(talk: Conversation, answer: Any, at: str) -> None:
    if not isinstance(answer, dict):
        talk.step(fields.text(answer), raw_ref=at)
        return
    thoughts = [fields.text(answer.get(name)) for name in _THOUGHTS]
    typed = fields.items(answer.get("commands"))
    calls = [Call("type", command) for command in typed]
    if answer.get("is_task_complete") is True or answer.get("task_complete") is True:
        calls.append(Call("finish"))
    talk.step(thought="\n\n".join(filter(None, thoughts)), calls=calls, raw_ref=at)


TERMINAL_BENCH = Format(
    name="terminal_bench",
    title="Terminal-Bench's agent logs",
    needs=(
        keys("state_analysis", "explanation", "commands"),
        keys("analysis", "plan", "commands"),
    ),
    read=read,
    unit="file",
)
