"""Claude Code: session files, `--output-format stream-json`, web exports.

Lines of one `message.id` are one step. A session is a tree (`parentUuid`): edits and
rewinds leave branches behind, and the one that was worked on last is read. Sub-agents
are episodes of their own; `meta.columns.parent` is their session, `parent_call` the
call that started them, where the log tells it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from scoring.formats import anthropic, fields
from scoring.formats.conversation import NO_TASK, Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by
from scoring.schema import Episode

# what the client writes in the user's name
_NOT_THE_USER = ("<command-", "<local-command-", "Caveat: The messages below")


def read(rows: Sequence[Record]) -> Iterator[Episode]:
    """A session's main thread, then each of its sub-agents."""
    threads: dict[str, list[Record]] = {}
    for row in rows:
        threads.setdefault(_sub_agent(row), []).append(row)
    session = fields.string(rows[0], "sessionId", "session_id") if rows else ""
    called = dict(_started(rows))
    for name, thread in threads.items():
        above = {"parent": session, "parent_call": called.get(name, "")} if name else {}
        yield _episode(thread, name, above)


def _started(rows: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """(sub-agent, the call that started it)."""
    for row in rows:
        agent = fields.string(row, "parent_tool_use_id")
        if agent:
            yield agent, agent
        agent = fields.string(fields.record(row.get("toolUseResult")), "agentId")
        message = fields.record(row.get("message"))
        for block in fields.records(message.get("content")) if agent else []:
            yield agent, fields.string(block, "tool_use_id")


def read_export(row: Record) -> Iterator[Episode]:
    yield from read(fields.records(row.get("loglines")))


def _sub_agent(row: Record) -> str:
    if row.get("isSidechain") is True:
        return fields.string(row, "agentId") or "sidechain"
    return fields.string(row, "parent_tool_use_id")


def _episode(thread: Sequence[Record], sub_agent: str, above: Record) -> Episode:
    talk = Conversation()
    lost = abandoned(thread)
    if lost:
        talk.warn(f"{len(lost)} rows of abandoned branches were left out")
    turns = [r for r in thread if _is_turn(r) and fields.string(r, "uuid") not in lost]
    messages: dict[Any, list[Record]] = {}
    for row in turns:
        messages.setdefault(_message_id(row), []).append(row)
    for lines in messages.values():
        _hear(talk, lines)
    talk.task = talk.task or NO_TASK
    result = next((row for row in thread if row.get("type") == "result"), {})
    talk.ended = ended_by(result.get("subtype"))
    columns = {
        "sub_agent": sub_agent,
        **above,
        "rows": dict(Counter(fields.string(row, "type") for row in thread)),
        "result": result,
    }
    session = fields.string(thread[0], "sessionId", "session_id")
    return talk.episode(
        id=":".join(filter(None, [session, sub_agent])),
        model=_model(turns),
        columns={name: value for name, value in columns.items() if value},
    )


def _hear(talk: Conversation, lines: Sequence[Record]) -> None:
    """The lines of one message; an assistant's are repeated with one block each."""
    messages = [fields.record(line.get("message")) for line in lines]
    content = [
        b for message in messages for b in anthropic.blocks(message.get("content"))
    ]
    if lines[0].get("type") == "user":
        anthropic.question(talk, content)
        return
    anthropic.answer(
        talk,
        content,
        tokens=anthropic.tokens(messages[-1].get("usage")),
        started_at=fields.string(lines[0], "timestamp") or None,
        ended_at=fields.string(lines[-1], "timestamp") or None,
        raw_ref=fields.string(lines[0], "uuid") or None,
    )


def _message_id(row: Record) -> Any:
    """Equal for the lines of one answer; each user line is a message of its own."""
    message = fields.record(row.get("message"))
    answer_id = fields.string(message, "id") if row.get("type") == "assistant" else ""
    return answer_id or id(row)


def _is_turn(row: Record) -> bool:
    return row.get("type") == "assistant" or _is_result(row) or _is_spoken(row)


def _is_result(row: Record) -> bool:
    message = fields.record(row.get("message"))
    return any(map(anthropic.is_result, fields.records(message.get("content"))))


def _is_spoken(row: Record) -> bool:
    """Whether a user said it: not a tool, nor the client in the user's name."""
    if row.get("type") != "user" or row.get("isMeta") is True or _is_result(row):
        return False
    words = fields.record(row.get("message")).get("content")
    return not (isinstance(words, str) and words.startswith(_NOT_THE_USER))


def _model(turns: Sequence[Record]) -> str:
    models = (
        fields.string(fields.record(row.get("message")), "model") for row in turns
    )
    return next(filter(None, models), "")


def abandoned(rows: Sequence[Record]) -> set[str]:
    """The uuids of all rows below a user's turn that was said anew later on."""
    newest: dict[str, str] = {}
    lost: set[str] = set()
    for row in filter(_is_spoken, rows):
        parent, name = fields.string(row, "parentUuid"), fields.string(row, "uuid")
        if parent and name:
            lost |= {newest[parent]} - {name} if parent in newest else set()
            newest[parent] = name
    for row in rows:
        if fields.string(row, "parentUuid") in lost and "uuid" in row:
            lost.add(fields.string(row, "uuid"))
    return lost


def _is_line(row: Record) -> bool:
    # Qwen Code writes the same lines with Gemini's `parts` instead of `content`
    message = fields.record(row["message"])
    return row["type"] in ("user", "assistant") and "content" in message


CLAUDE_CODE = Format(
    name="claude_code",
    title="Claude Code sessions",
    needs=(keys("type", "message"),),
    accepts=_is_line,
    read=read,
    unit="file",
    asks="its types are user and assistant, with a content in each message",
)
CLAUDE_EXPORT = Format(
    name="claude_export",
    title="Claude Code web exports",
    needs=(keys("loglines"),),
    read=read_export,
)
