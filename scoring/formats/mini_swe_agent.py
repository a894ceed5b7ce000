"""mini-swe-agent's `.traj.json`, versions 1 and 2. Version 0 is plain OpenAI chat."""

import re
from collections.abc import Iterator

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear_message
from scoring.formats.outcomes import ended_by
from scoring.schema import Call, Episode, Outcome

_COMMAND = re.compile(r"```(?:bash|mswea_bash_command)\s*\n(.*?)\n?```", re.DOTALL)


def read(row: Record) -> Iterator[Episode]:
    info = fields.record(row.get("info"))
    model = fields.record(fields.record(info.get("config")).get("model"))
    talk = Conversation(ended=ended_by(info.get("exit_status")))
    for i, message in enumerate(fields.records(row.get("messages"))):
        _hear(talk, message, f"/messages/{i}")
    yield talk.episode(
        id=fields.string(row, "instance_id"),
        model=fields.string(model, "model_name"),
        columns=fields.without(row, "messages", "instance_id"),
        outcome=Outcome(answer=fields.string(info, "submission") or None),
    )


def _hear(talk: Conversation, message: Record, at: str) -> None:
    extra = fields.record(message.get("extra"))
    text = fields.text(message.get("content"))
    role = message.get("role")
    if role == "assistant" and not message.get("tool_calls"):
        commands = _commands(extra) or _COMMAND.findall(text)
        talk.step(
            _COMMAND.sub("", text).strip(),
            calls=[Call("bash", {"command": command}) for command in commands],
            cost=fields.number(extra.get("cost")),
            raw_ref=at,
        )
    elif role == "user" and talk.waits():
        talk.result(text, is_error=bool(extra.get("returncode")))
    elif role != "exit":
        hear_message(talk, message, at=at)


def _commands(extra: Record) -> list[str]:
    actions = fields.records(extra.get("actions"))
    return [fields.string(action, "command") for action in actions]


def _is_mini(row: Record) -> bool:
    return str(row["trajectory_format"]).startswith("mini-swe-agent")


MINI_SWE_AGENT = Format(
    name="mini_swe_agent",
    title="mini-swe-agent trajectories",
    needs=(keys("trajectory_format", "messages"),),
    accepts=_is_mini,
    read=read,
)
