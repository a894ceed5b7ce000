"""smolagents: an agent's memory, results of runs, and benchmark answers.

A code agent's step is one call of its Python interpreter. A benchmark's messages are
Python objects printed as text; they are read as literals, never evaluated.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import fields, markup
from scoring.formats.conversation import Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by, outcome_of
from scoring.formats.python_text import literal
from scoring.formats.times import iso
from scoring.schema import Episode, Outcome

_CODE = re.compile(r"<code>|```")


def read_steps(steps: Sequence[Record]) -> Iterator[Episode]:
    """`agent.memory.get_full_steps()`, or the succinct ones."""
    yield _episode(steps, {})


def read_result(row: Record) -> Iterator[Episode]:
    """`RunResult.dict()`."""
    yield _episode(fields.records(row.get("steps")), row)


def _episode(steps: Sequence[Record], row: Record) -> Episode:
    talk = Conversation(ended=ended_by(row.get("state")))
    final = row.get("output")
    for i, step in enumerate(steps):
        talk.system(fields.string(step, "system_prompt"))
        talk.user(fields.string(step, "task"))
        if "plan" in step:
            plan = fields.string(step, "plan")
            talk.step("", plan, kind="planning", **_cost(step, i))
        elif "step_number" in step:
            _act(talk, step, i)
        answer = (
            step.get("observations") if step.get("is_final_answer") is True else None
        )
        final = step.get("output", step.get("action_output")) or answer or final
    return talk.episode(
        columns=fields.without(row, "steps"),
        outcome=Outcome(answer=None if final is None else fields.text(final)),
    )


def _act(talk: Conversation, step: Record, position: int) -> None:
    calls = [fields.call(call) for call in fields.records(step.get("tool_calls"))]
    wrote = fields.text(step.get("model_output"))
    # the code is in the call
    words = _CODE.split(wrote, 1)[0] if calls else wrote
    thought, text = markup.split_thought(words.strip())
    error = fields.string(fields.record(step.get("error")), "message")
    text = text or ("" if calls or thought else error)
    talk.step(text, thought, calls, error=error or None, **_cost(step, position))
    seen = fields.string(step, "observations") or error
    if len(calls) > 1:
        talk.warn("the results of parallel calls are one text: kept with the first")
    if calls and seen:
        talk.result(seen, calls[0].id or "", is_error=bool(error))
    elif seen != text:
        talk.event(seen)


def _cost(step: Record, position: int) -> dict[str, Any]:
    timing = fields.record(step.get("timing"))
    return {
        "tokens": fields.tokens(step.get("token_usage")),
        "started_at": iso(fields.number(timing.get("start_time"))),
        "ended_at": iso(fields.number(timing.get("end_time"))),
        "raw_ref": f"/{position}",
    }


def read_answer(row: Record) -> Iterator[Episode]:
    """One question of a benchmark."""
    talk = Conversation()
    turn = Turn(talk)
    for printed in fields.items(row.get("intermediate_steps")):
        message = fields.record(
            literal(printed) if isinstance(printed, str) else printed
        )
        _take(turn, message, fields.text(printed))
    turn.end()
    talk.task = talk.task or fields.string(row, "question")
    answer, expected = fields.string(row, "answer"), fields.string(row, "true_answer")
    # other words may say the same: only equal ones are known to be right
    known = {"success": True} if answer and answer == expected else {}
    yield talk.episode(
        model=fields.string(row, "model_id"),
        columns=fields.without(row, "intermediate_steps"),
        outcome=outcome_of({**row, **known, "final_answer": answer}, talk),
    )


def _take(turn: Turn, message: Record, printed: str) -> None:
    role, words = fields.string(message, "role"), fields.text(message.get("content"))
    if role == "tool-call":
        called = literal(words.partition("\n")[2])
        # results are printed without ids: they follow in order
        plain = [fields.without(call, "id") for call in fields.records(called)]
        turn.calls += [fields.call(call) for call in plain]
        return
    turn.end()
    if role == "system":
        turn.talk.system(words)
    elif role == "user":
        turn.talk.user(words)
    elif role == "tool-response":
        _result(turn.talk, words)
    else:
        # older versions print their own step objects
        thought, text = markup.split_thought(words or printed)
        turn.thoughts, turn.words = [thought], [text]


def _result(talk: Conversation, words: str) -> None:
    kind, _, seen = words.partition("\n")
    talk.result(seen or words, is_error=kind.startswith("Error"))


def _is_run(row: Record) -> bool:
    return any("step_number" in step for step in fields.records(row["steps"]))


SMOLAGENTS = Format(
    name="smolagents",
    title="smolagents memories",
    needs=(keys("step_number", "observations"), keys("task", "task_images")),
    read=read_steps,
    unit="file",
)
SMOLAGENTS_RESULT = Format(
    name="smolagents_result",
    title="smolagents run results",
    needs=(keys("state", "steps", "output"),),
    accepts=_is_run,
    read=read_result,
)
SMOLAGENTS_ANSWERS = Format(
    name="smolagents_answers",
    title="smolagents benchmark answers",
    needs=(keys("intermediate_steps", "question"),),
    read=read_answer,
)
