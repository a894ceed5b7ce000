"""ShareGPT conversations and AgentInstruct (AgentTuning, arXiv:2310.12823).

`{conversations: [{from, value}]}`, or with `role` and `content`. AgentInstruct begins
with instructions that the model only acknowledges, or with a worked example: they
become the system prompt, and what is asked after them is the task.
"""

import re
from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear_message
from scoring.formats.outcomes import outcome_of
from scoring.schema import Episode

_ROLES = {
    **dict.fromkeys(("gpt", "chatgpt", "bing", "bard", "model", "bot"), "assistant"),
    **dict.fromkeys(("observation", "function_response", "tool_response"), "tool"),
    "human": "user",
}
_CALLS = ("function_call", "tool_call")
_TASKS = re.compile(r"(?:alfworld|webshop|os|db|kg|mind2web|sciworld)_\d+")
_ACKNOWLEDGED = re.compile(r"(?:ok\b|i've understood|i understand|sure).{0,80}", re.I)
_EXAMPLE_ENDS = "start a new problem"


def read(row: Record) -> Iterator[Episode]:
    yield _episode(row, instructions=0)


def read_agent_instruct(row: Record) -> Iterator[Episode]:
    yield _episode(row, _instructions(_messages(row)))


def _episode(row: Record, instructions: int) -> Episode:
    messages = _messages(row)
    talk = Conversation()
    talk.system(fields.text(row.get("system")))
    for message in messages[:instructions]:
        talk.system(fields.text(message["content"]))
    for i, message in enumerate(messages[instructions:], start=instructions):
        if message["role"] in _CALLS:
            talk.step(calls=[fields.call(message["content"])], raw_ref=f"/{i}")
        else:
            hear_message(talk, message, at=f"/{i}")
    return talk.episode(
        id=fields.string(row, "id"),
        columns=fields.without(row, "id", "conversations", "conversation", "system"),
        outcome=outcome_of(row, talk),
    )


def _messages(row: Record) -> list[Record]:
    said = row.get("conversations", row.get("conversation"))
    return [_message(message) for message in fields.records(fields.parsed(said))]


def _message(message: Record) -> Record:
    role = fields.string(message, "from", "role")
    content = message.get("value", message.get("content"))
    return {"role": _ROLES.get(role, role), "content": content}


def _instructions(messages: Sequence[Record]) -> int:
    """How many messages stand before the task."""
    for i, message in enumerate(messages):
        if (
            _EXAMPLE_ENDS in fields.text(message["content"])
            and message["role"] == "user"
        ):
            return i
    answers = [fields.text(message["content"]) for message in messages[1:2]]
    return (
        2 if any(_ACKNOWLEDGED.fullmatch(answer.strip()) for answer in answers) else 0
    )


def _is_agent_instruct(row: Record) -> bool:
    return isinstance(row["id"], str) and bool(_TASKS.fullmatch(row["id"]))


AGENT_INSTRUCT = Format(
    name="agent_instruct",
    title="AgentInstruct conversations",
    needs=(keys("id", "conversations"),),
    accepts=_is_agent_instruct,
    read=read_agent_instruct,
)
SHAREGPT = Format(
    name="sharegpt",
    title="ShareGPT conversations",
    needs=(keys("conversations"), keys("conversation")),
    read=read,
)
