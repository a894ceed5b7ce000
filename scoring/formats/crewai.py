"""CrewAI: outputs of a crew, its log of tasks, and what a step callback was given.

A crew's run is one episode; its tasks come in as observations, its agents as agents.
"""

import re
from collections.abc import Iterator, Sequence

from scoring.formats import fields, markup
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode, Outcome

_ACTION = re.compile(
    r"^Action:[ \t]*([^\n]{1,200})\n+Action Input:[ \t]*(.*?)(?:\nObservation:(.*))?\Z",
    re.DOTALL | re.MULTILINE,
)


def read_output(row: Record) -> Iterator[Episode]:
    """`CrewOutput.model_dump()`."""
    talk = Conversation()
    for i, task in enumerate(fields.records(row.get("tasks_output"))):
        talk.user(fields.string(task, "description", "name"))
        agent, at = fields.string(task, "agent"), f"/tasks_output/{i}"
        said = [
            fields.text(message.get("content"))
            for message in fields.records(task.get("messages"))
            if message.get("role") == "assistant"
        ]
        for text in said:
            _say(talk, text, agent, at)
        final = fields.string(task, "raw")
        if final and not any(final in text for text in said):
            talk.step(final, agent=agent, raw_ref=at)
    yield talk.episode(
        columns=fields.without(row, "tasks_output", "raw"),
        outcome=Outcome(answer=fields.string(row, "raw") or None),
    )


def _say(talk: Conversation, text: str, agent: str, at: str) -> None:
    """A ReAct answer; the crew writes what the tool gave into it."""
    thought, rest = markup.split_thought(text)
    action = _ACTION.search(rest)
    if action is None:
        talk.step(rest, thought, agent=agent, raw_ref=at)
        return
    name, given, seen = action[1].strip(), action[2].strip(), action[3]
    result = None if seen is None else seen.strip()
    call = Call(name, fields.parsed(given), result=result)
    talk.step(rest[: action.start()].strip(), thought, [call], agent=agent, raw_ref=at)


def read_log(rows: Sequence[Record]) -> Iterator[Episode]:
    """`output_log_file`: a row when a task starts, and one when it is done."""
    talk = Conversation()
    for row in rows:
        if fields.string(row, "status") == "started":
            talk.user(fields.string(row, "task", "task_name"))
        else:
            talk.step(
                fields.text(row.get("output")),
                agent=fields.string(row, "agent"),
                started_at=fields.string(row, "timestamp") or None,
            )
    talk.task = talk.task or NO_TASK
    yield talk.episode()


def read_callback(rows: Sequence[Record]) -> Iterator[Episode]:
    """Actions with their results; a tool's result alone repeats one of these."""
    talk = Conversation(task=NO_TASK)
    for row in rows:
        if row.get("type") == "ToolResult":
            continue
        words = fields.string(row, "output", "text")
        thought = fields.string(row, "thought").removeprefix("Thought:").strip()
        if tool := fields.string(row, "tool"):
            result = row.get("result")
            given = fields.parsed(row.get("tool_input"))
            seen = None if result is None else fields.text(result)
            talk.step("", thought, [Call(tool, given, result=seen)])
        else:
            talk.step(words, thought)
    yield talk.episode()


CREWAI = Format(
    name="crewai",
    title="CrewAI outputs",
    needs=(keys("tasks_output"),),
    read=read_output,
)
CREWAI_LOG = Format(
    name="crewai_log",
    title="CrewAI logs of tasks",
    needs=(keys("task_name", "agent", "status", "timestamp"),),
    read=read_log,
    unit="file",
)
CREWAI_CALLBACK = Format(
    name="crewai_callback",
    title="what a CrewAI step callback was given",
    needs=(keys("tool", "tool_input", "thought"), keys("type", "result_as_answer")),
    read=read_callback,
    unit="file",
)
