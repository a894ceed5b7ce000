"""SWE-agent's `.traj` files, its demonstrations, and SWE-agent runs published as rows.

Steps are read from `trajectory`; task, system prompt and demonstrations' steps from
`history`, whose entries marked `is_demo` belong to no run.
"""

from collections.abc import Iterable, Iterator

from scoring.errors import InvalidEpisode
from scoring.formats import fields, yaml_text
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear, hear_message
from scoring.formats.outcomes import ended_by
from scoring.schema import Call, Episode, Outcome


def read(row: Record) -> Iterator[Episode]:
    """A run, or each of its attempts."""
    for attempt in fields.records(row.get("attempts")) or [row]:
        yield _attempt(attempt)


def _attempt(row: Record) -> Episode:
    info = fields.record(row.get("info"))
    entries = fields.records(row.get("history"))
    history = [entry for entry in entries if entry.get("is_demo") is not True]
    talk = Conversation(ended=ended_by(info.get("exit_status")))
    steps = fields.records(row.get("trajectory"))
    for entry in history:
        if steps and (entry.get("role") == "assistant" or talk.task):
            break
        _hear(talk, entry)
    for i, step in enumerate(steps):
        _decide(talk, step, f"/trajectory/{i}")
        talk.result(fields.text(step.get("observation")))
    return talk.episode(
        columns=fields.without(row, "trajectory", "history"),
        outcome=Outcome(answer=fields.string(info, "submission") or None),
    )


def _hear(talk: Conversation, entry: Record) -> None:
    acts = entry.get("role") == "assistant" and "action" in entry
    if acts and not entry.get("tool_calls"):
        _decide(talk, entry)
    elif entry.get("message_type") == "observation" and talk.waits():
        ids = [*fields.items(entry.get("tool_call_ids")), ""]
        talk.result(fields.text(entry.get("content")), fields.text(ids[0]))
    else:
        hear_message(talk, entry, at="")


def _decide(talk: Conversation, step: Record, at: str | None = None) -> None:
    """The command that was run; where none could be parsed, what was said instead."""
    action = fields.string(step, "action").strip()
    thought = fields.string(step, "thought").strip()
    text = "" if action else fields.string(step, "response", "content")
    calls = [Call("command", action)] if action else []
    talk.step(text, thought if action else "", calls, raw_ref=at)


def read_row(row: Record) -> Iterator[Episode]:
    """A run as a row of a data set: its messages are `{role, text | system_prompt}`."""
    talk = Conversation(ended=ended_by(row.get("exit_status")))
    hear(
        talk,
        [
            {"role": m.get("role"), "content": m.get("text") or m.get("system_prompt")}
            for m in fields.records(row.get("trajectory"))
        ],
    )
    resolved = row.get("target")
    yield talk.episode(
        id=fields.string(row, "instance_id"),
        model=fields.string(row, "model_name"),
        columns=fields.without(row, "trajectory", "instance_id", "model_name"),
        outcome=Outcome(success=resolved if isinstance(resolved, bool) else None),
    )


def read_demo(lines: Iterable[tuple[int, str]]) -> Iterator[Episode]:
    """A demonstration in YAML, as SWE-agent writes them to be replayed."""
    row = yaml_text.loads("\n".join(line for _, line in lines))
    if not isinstance(row, dict):
        raise InvalidEpisode("expected an object with a history", pointer="")
    yield _attempt(row)


def _is_run(row: Record) -> bool:
    return "trajectory" in row or row.keys() == {"history"}


def _has_text(row: Record) -> bool:
    return all("text" in m for m in fields.records(row["trajectory"])[:3])


SWE_AGENT = Format(
    name="swe_agent",
    title="SWE-agent trajectories",
    needs=(keys("trajectory", "history", "info"), keys("history")),
    accepts=_is_run,
    read=read,
    asks="a history alone must be the only key",
)
SWE_AGENT_ROWS = Format(
    name="swe_agent_rows",
    title="SWE-agent runs as rows",
    needs=(keys("instance_id", "trajectory", "exit_status"),),
    accepts=_has_text,
    read=read_row,
)
SWE_AGENT_DEMO = Format(
    name="swe_agent_demo",
    title="SWE-agent's demonstrations in YAML",
    needs=(keys("history:"),),
    read=read_demo,
    unit="text",
)
