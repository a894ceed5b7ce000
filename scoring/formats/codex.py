"""Codex CLI: session rollouts, old and new, and the events of `codex exec --json`.

A rollout is read from its `response_item` rows alone: `event_msg` rows say the same
again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from scoring.formats import fields
from scoring.formats.conversation import NO_TASK, Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_responses import take
from scoring.schema import Call, Episode

_ROWS = ("session_meta", "response_item", "turn_context", "world_state", "event_msg")
# what the client tells the model in the user's name
_CONTEXT = ("<environment_context>", "<user_instructions>", "# AGENTS.md")
_DONE = ("type", "id", "status")


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation()
    turn = Turn(talk)
    about: dict[str, Record] = {}
    for row in rows:
        kind, payload = fields.string(row, "type"), fields.record(row.get("payload"))
        if kind in ("session_meta", "turn_context"):
            about[kind] = payload
        elif kind == "event_msg":
            _event(turn, payload)
        elif kind == "compacted":
            turn.end()
            talk.user(fields.string(payload, "message"))
        else:
            _item(turn, payload if kind == "response_item" else row)
    turn.end()
    meta = about.get("session_meta", {})
    yield talk.episode(
        id=fields.string(meta, "id"),
        model=fields.string(about.get("turn_context", {}), "model"),
        columns={
            **about,
            "rows": dict(Counter(fields.string(row, "type") for row in rows)),
        },
    )


def _item(turn: Turn, item: Record) -> None:
    item = _modern(item)
    words = fields.text(item.get("content"))
    if item.get("role") == "user" and words.lstrip().startswith(_CONTEXT):
        # said again amid the run it is neither an instruction nor the user
        if not len(turn.talk):
            turn.talk.system(words)
        return
    if "type" not in item and "role" not in item:
        return
    if isinstance(item.get("output"), str):
        # most tools wrap their output with an exit code and a duration
        inner = fields.record(fields.parsed(item["output"]))
        item = {**item, "output": inner.get("output", item["output"])}
    take(turn, item)


def _modern(item: Record) -> Record:
    """An item of the first versions, in today's spelling."""
    if "role" in item and isinstance(item.get("message"), str):
        return {**item, "content": item["message"]}
    named = fields.record(item.get("function"))
    if named:
        return {**fields.without(item, "function"), **named}
    if item.get("type") in ("function_result", "tool_result"):
        return {**item, "type": "function_call_output", "output": item.get("result")}
    return item


def _event(turn: Turn, event: Record) -> None:
    if event.get("type") == "token_count":
        usage = fields.record(fields.record(event.get("info")).get("last_token_usage"))
        turn.end(tokens=fields.tokens(usage))
    turn.talk.ended = (
        "truncated" if event.get("type") == "turn_aborted" else "terminated"
    )


def read_exec(rows: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation(task=NO_TASK)
    turn = Turn(talk)
    for row in rows:
        item = fields.record(row.get("item"))
        if row.get("type") == "item.completed":
            _completed(turn, item)
        elif row.get("type") == "turn.failed":
            talk.ended = "truncated"
    turn.end()
    ends = [
        row for row in rows if str(row.get("type")).startswith("turn.") and len(row) > 1
    ]
    threads = (fields.string(row, "thread_id") for row in rows)
    yield talk.episode(
        id=next(filter(None, threads), ""),
        columns={"turns": ends} if ends else None,
    )


def _completed(turn: Turn, item: Record) -> None:
    kind = fields.string(item, "type")
    if kind == "reasoning":
        turn.thoughts.append(fields.string(item, "text"))
    elif kind == "agent_message":
        turn.words.append(fields.string(item, "text"))
    elif kind == "error":
        turn.end()
        turn.talk.user(fields.string(item, "message"))
    else:
        turn.calls.append(_call(kind, item))
        turn.end()


def _call(kind: str, item: Record) -> Call:
    names: Mapping[str, str] = {"command_execution": "shell"}
    result = item.get("aggregated_output", item.get("result"))
    return Call(
        name=fields.string(item, "tool") or names.get(kind, kind or "unnamed"),
        arguments=fields.without(
            item, "aggregated_output", "result", "exit_code", *_DONE
        ),
        id=fields.string(item, "id") or None,
        result=None if result is None else fields.text(result),
        is_error=item.get("status") == "failed",
    )


def _is_rollout(row: Record) -> bool:
    return row["type"] in _ROWS


def _is_exec(row: Record) -> bool:
    return bool(row["type"] == "thread.started")


CODEX = Format(
    name="codex",
    title="Codex session rollouts",
    needs=(keys("type", "payload"),),
    accepts=_is_rollout,
    read=read,
    unit="file",
    asks="its types are session_meta, turn_context, response_item, event_msg",
)
CODEX_EXEC = Format(
    name="codex_exec",
    title="events of codex exec --json",
    needs=(keys("type", "thread_id"),),
    accepts=_is_exec,
    read=read_exec,
    unit="file",
)
