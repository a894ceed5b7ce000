"""OpenHands V1 events (its software agent SDK), as a list or as its API gives them.

Actions that share a model response are one step.
"""

from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode


def read(events: Sequence[Record]) -> Iterator[Episode]:
    turn, response = Turn(Conversation()), None
    for event in events:
        answered = event.get("llm_response_id") or id(event)
        if answered != response:
            turn.end()
            response = answered
        _hear(turn, event, fields.string(event, "kind"))
    turn.end()
    yield turn.talk.episode()


def read_page(row: Record) -> Iterator[Episode]:
    yield from read(fields.records(row.get("items")))


def _hear(turn: Turn, event: Record, kind: str) -> None:
    call_id = fields.string(event, "tool_call_id")
    message = fields.text(fields.record(event.get("llm_message")).get("content"))
    if kind == "ActionEvent":
        thoughts = [event.get("reasoning_content"), event.get("thought")]
        turn.thoughts += [fields.text(thought) for thought in thoughts]
        row = fields.call(event.get("tool_call"))
        name = fields.string(event, "tool_name") or row.name
        turn.calls.append(Call(name, row.arguments, call_id or row.id))
    elif kind == "MessageEvent" and event.get("source") == "agent":
        turn.words.append(message)
    elif kind == "ObservationEvent":
        seen = fields.record(event.get("observation"))
        text = fields.text(seen.get("content"))
        turn.talk.result(text, call_id, is_error=seen.get("is_error") is True)
    elif kind in ("AgentErrorEvent", "UserRejectObservation"):
        text = fields.string(event, "error", "rejection_reason")
        turn.talk.result(text, call_id, is_error=True)
    elif kind == "SystemPromptEvent":
        turn.talk.system(fields.part_text(event.get("system_prompt")))
    else:
        turn.talk.user(message or fields.string(event, "summary"))


def _is_event(row: Record) -> bool:
    return str(row["kind"]).endswith("Event")


def _is_page(row: Record) -> bool:
    kinds = [event.get("kind") for event in fields.records(row["items"])[:3]]
    return bool(kinds) and all(str(kind).endswith("Event") for kind in kinds)


OPENHANDS_PAGE = Format(
    name="openhands_page",
    title="OpenHands V1 events from its API",
    needs=(keys("items"),),
    accepts=_is_page,
    read=read_page,
)
OPENHANDS_V1 = Format(
    name="openhands_v1",
    title="OpenHands V1 events",
    needs=(keys("source", "kind", "timestamp"),),
    accepts=_is_event,
    read=read,
    unit="file",
)
