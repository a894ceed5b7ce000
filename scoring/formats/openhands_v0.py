"""OpenHands V0: events, alone or in an evaluation's `output.jsonl`.

Events that share a model response are one step. An action's result is joined by the
tool call's id, in older files by `cause`, in the oldest by order.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scoring.formats import fields
from scoring.formats.conversation import Conversation, Turn
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import outcome_of
from scoring.schema import Call, Episode

_NO_ACTIONS = ("recall", "change_agent_state", "null", "condensation")
_NO_RESULTS = ("recall", "agent_state_changed", "null")
# what an event says of itself, not of its action
_ABOUT = (
    *("id", "timestamp", "source", "message", "action", "thought", "cause", "timeout"),
    *("is_confirmed", "confirmation_state", "action_risk", "security_risk"),
)


def read(row: Record) -> Iterator[Episode]:
    """One row of an evaluation's output."""
    talk = Conversation()
    _hear(talk, _flat(row.get("history")))
    talk.task = talk.task or fields.string(row, "instruction")
    report = fields.record(fields.record(row.get("test_result")).get("report"))
    model = fields.record(fields.record(row.get("metadata")).get("llm_config"))
    yield talk.episode(
        id=fields.string(row, "instance_id"),
        model=fields.string(model, "model"),
        columns=fields.without(row, "instance_id", "history"),
        outcome=outcome_of({**row, **report}, talk),
    )


def read_events(events: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation()
    _hear(talk, events)
    yield talk.episode()


def _flat(history: Any) -> list[Record]:
    """Events; older files hold pairs of an action and its observation."""
    flat: list[Record] = []
    for item in fields.items(history):
        flat += fields.records([item] if isinstance(item, dict) else item)
    return flat


def _hear(talk: Conversation, events: Iterable[Record]) -> None:
    turn, response = Turn(talk), None
    for event in events:
        action = fields.string(event, "action")
        answered = _response_id(event) or id(event)
        if answered != response:
            turn.end()
            response = answered
        if action == "system":
            talk.system(fields.text(_arguments(event).get("content")))
        elif action == "message" and (event.get("source") == "user" or not talk.task):
            talk.user(fields.text(_arguments(event).get("content")))
        elif action and action not in _NO_ACTIONS:
            _act(turn, event, action)
        elif "observation" in event and event["observation"] not in _NO_RESULTS:
            turn.end()
            _result(talk, event)
    turn.end()


def _act(turn: Turn, event: Record, action: str) -> None:
    arguments = _arguments(event)
    if action == "message":
        turn.words.append(fields.text(arguments.get("content")))
        return
    turn.thoughts.append(fields.text(arguments.get("thought")))
    if action != "think":
        known = fields.record(event.get("tool_call_metadata"))
        name = fields.string(known, "tool_call_id") or fields.string(event, "id")
        given = fields.without(arguments, *_ABOUT)
        turn.calls.append(Call(action, given, name or None))


def _arguments(event: Record) -> Record:
    """Old files have no `args`: the arguments stand beside the action."""
    return fields.record(event.get("args")) or event


def _result(talk: Conversation, event: Record) -> None:
    known = fields.record(event.get("tool_call_metadata"))
    text = fields.text(event.get("content")) or fields.string(event, "message")
    call_id = fields.string(known, "tool_call_id") or fields.string(event, "cause")
    talk.result(text, call_id, is_error=event.get("observation") == "error")


def _response_id(event: Record) -> Any:
    known = fields.record(event.get("tool_call_metadata"))
    response = fields.string(fields.record(known.get("model_response")), "id")
    return response if "action" in event else None


def _is_event(row: Record) -> bool:
    return row["source"] in ("user", "agent", "environment")


OPENHANDS_OUTPUT = Format(
    name="openhands_output",
    title="OpenHands evaluation output",
    needs=(keys("instance_id", "history"), keys("issue", "history")),
    read=read,
)
OPENHANDS_V0 = Format(
    name="openhands_v0",
    title="OpenHands V0 events",
    needs=(
        keys("source", "action", "args"),
        keys("source", "observation", "content"),
    ),
    accepts=_is_event,
    read=read_events,
    unit="file",
)
