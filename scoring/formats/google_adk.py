"""Google's Agent Development Kit: sessions, and the cases of an evaluation set."""

from collections.abc import Iterator
from typing import Any

from scoring.errors import InvalidInput
from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.openai_chat import hear_message
from scoring.formats.spoken import one_answer, spoken
from scoring.formats.times import iso
from scoring.schema import Episode, Tokens


def read(row: Record) -> Iterator[Episode]:
    talk = Conversation()
    for i, event in enumerate(fields.records(row.get("events"))):
        _hear(talk, event, f"/events/{i}")
    yield talk.episode(
        id=fields.string(row, "id"),
        agent=fields.string(row, "current_agent_name", "app_name", "appName"),
        columns=fields.without(row, "events"),
    )


def _hear(talk: Conversation, event: Record, at: str) -> None:
    author = fields.string(event, "author")
    role = "user" if author == "user" else "assistant"
    content = {**fields.record(event.get("content")), "role": role}
    messages = spoken(content, role)
    answer = one_answer(messages)
    for message in messages:
        if message["role"] != "assistant":
            hear_message(talk, message, at=at)
    if answer:
        _decide(talk, {**answer, "name": author}, event, at)


def _decide(talk: Conversation, answer: Record, event: Record, at: str) -> None:
    usage = fields.record(event.get("usage_metadata", event.get("usageMetadata")))
    read, written = (
        fields.count(usage.get(f"{name}_token_count", usage.get(f"{name}TokenCount")))
        for name in ("prompt", "candidates")
    )
    hear_message(
        talk,
        answer,
        at=at,
        usage=None if read is written is None else Tokens(read, written),
        started_at=iso(fields.number(event.get("timestamp"))),
        error=fields.string(event, "error_message", "errorMessage") or None,
    )


def read_cases(row: Record) -> Iterator[Episode | RowError]:
    """An episode a case: the expected conversation with its tools."""
    for i, case in enumerate(fields.records(row.get("eval_cases"))):
        try:
            yield _case(case)
        except InvalidInput as error:
            yield RowError(None, error.detail, pointer=f"/eval_cases/{i}")


def _case(case: Record) -> Episode:
    talk = Conversation()
    for i, turn in enumerate(fields.records(case.get("conversation"))):
        used = fields.record(turn.get("intermediate_data")).get("tool_uses")
        calls = [fields.call(call) for call in fields.records(used)]
        for message in spoken(turn.get("user_content")):
            hear_message(talk, message, at="")
        if calls:
            talk.step("", "", calls, raw_ref=f"/conversation/{i}")
        final: Any = one_answer(spoken(turn.get("final_response"), "assistant"))
        if final:
            hear_message(talk, final, at=f"/conversation/{i}")
    columns = fields.without(case, "conversation")
    return talk.episode(id=fields.string(case, "eval_id"), columns=columns)


def _has_authors(row: Record) -> bool:
    return any("author" in event for event in fields.records(row["events"])[:3])


ADK = Format(
    name="google_adk",
    title="Google ADK sessions",
    needs=(keys("id", "events"),),
    accepts=_has_authors,
    read=read,
)
ADK_CASES = Format(
    name="google_adk_cases",
    title="Google ADK evaluation sets",
    needs=(keys("eval_cases"),),
    read=read_cases,
)
