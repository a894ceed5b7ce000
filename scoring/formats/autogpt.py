"""AutoGPT: benchmark logs, message histories, and `state.json`.

An answer is a JSON text `{thoughts: {text, reasoning, plan, criticism}, command: {name,
args}}`; what doesn't parse is what was said.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from scoring.errors import InvalidInput
from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.openai_chat import hear_message
from scoring.schema import Episode

_DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
_ASPECTS = (
    *("text", "reasoning", "plan", "current long-term plan"),
    *("criticism", "self_criticism", "observations"),
)


def read_benchmark(row: Record) -> Iterator[Episode | RowError]:
    """`{challenge: {time of the run: {"1": {role, content}}}}`: a run each."""
    for challenge, runs in row.items():
        for time, answers in fields.record(runs).items():
            try:
                yield _benchmark_run(challenge, time, fields.record(answers))
            except InvalidInput as error:
                yield RowError(None, error.detail, pointer=f"/{challenge}/{time}")


def _benchmark_run(challenge: str, time: str, answers: Record) -> Episode:
    talk = Conversation(task=challenge)
    for number in sorted(answers, key=lambda name: (len(name), name)):
        answer = fields.record(answers[number])
        decide(talk, answer.get("content"), f"/{number}")
    return talk.episode(id=f"{challenge} {time}")


def read_messages(messages: Sequence[Record]) -> Iterator[Episode]:
    """`full_message_history.json` of a debug log."""
    talk = Conversation()
    for i, message in enumerate(messages):
        if message.get("role") == "assistant":
            decide(talk, message.get("content"), f"/{i}")
        elif message.get("role") == "system" and talk.waits():
            talk.result(fields.text(message.get("content")))
        else:
            hear_message(talk, message, at=f"/{i}")
    talk.task = talk.task or NO_TASK
    yield talk.episode()


def decide(talk: Conversation, content: Any, at: str) -> None:
    """A step made of one answer: its thoughts, and the command it gives."""
    answer = fields.record(fields.parsed(content))
    said = (answer.get(name) for name in ("thoughts", "mind", "Thoughts"))
    thoughts = next(filter(None, map(fields.record, said)), {})
    told = (answer.get(name) for name in ("command", "ability", "cmd"))
    command = next(filter(None, map(fields.record, told)), {})
    if not thoughts and not command:
        talk.step(fields.text(content), raw_ref=at)
        return
    calls = [fields.call(command)] if command.get("name") else []
    talk.step(fields.string(thoughts, "speak"), _thought(thoughts), calls, raw_ref=at)


def _thought(thoughts: Record) -> str:
    return "\n".join(fields.text(thoughts[a]) for a in _ASPECTS if thoughts.get(a))


def read_state(row: Record) -> Iterator[Episode]:
    """`state.json` of AutoGPT 0.5 and later: its "episodes" are our steps."""
    talk = Conversation(task=fields.text(row.get("task")))
    history = fields.record(row.get("history"))
    for i, cycle in enumerate(fields.records(history.get("episodes"))):
        action = fields.record(cycle.get("action"))
        said = action.get("thoughts")
        thought = _thought(said) if isinstance(said, dict) else fields.text(said)
        tool = fields.record(action.get("use_tool"))
        talk.step("", thought, [fields.call(tool)], raw_ref=f"/history/episodes/{i}")
        _state_result(talk, fields.record(cycle.get("result")))
    profile = fields.record(row.get("ai_profile"))
    yield talk.episode(
        id=fields.string(row, "agent_id"),
        agent=fields.string(profile, "ai_name"),
        columns=fields.without(row, "task", "history"),
    )


def _state_result(talk: Conversation, result: Record) -> None:
    said = (result.get(k) for k in ("outputs", "reason", "error", "feedback"))
    text = next((fields.text(value) for value in said if value is not None), None)
    if text is not None:
        talk.result(text, is_error=result.get("status") == "error")


def _is_benchmark(row: Record) -> bool:
    runs = fields.record(next(iter(row.values()), None))
    time, answers = next(iter(runs.items()), ("", None))
    first = fields.record(next(iter(fields.record(answers).values()), None))
    return bool(_DATE.match(time)) and "content" in first


def _is_answer(row: Record) -> bool:
    answer = fields.record(fields.parsed(row["content"]))
    return row["role"] == "assistant" and "thoughts" in answer and len(row) == 2


AUTOGPT_BENCHMARK = Format(
    name="autogpt_benchmark",
    title="AutoGPT benchmark logs",
    needs=(frozenset(),),
    accepts=_is_benchmark,
    read=read_benchmark,
)
AUTOGPT_MESSAGES = Format(
    name="autogpt_messages",
    title="AutoGPT message histories",
    needs=(keys("role", "content"),),
    accepts=_is_answer,
    read=read_messages,
    unit="file",
)
AUTOGPT_STATE = Format(
    name="autogpt_state",
    title="AutoGPT agent states",
    needs=(keys("agent_id", "task", "history"),),
    read=read_state,
)
