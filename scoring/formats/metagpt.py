"""MetaGPT's `team.json`, 0.6 to 0.8 (arXiv:2308.00352): many agents, one episode.

The run is the union of all messages in the environment and in the roles' memories. A
message is a step of the role that wrote it; its `cause_by` is the action that it took.
"""

from collections.abc import Iterator

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import Call, Episode

_USER_ACTIONS = ("UserRequirement", "BossRequirement")
_USERS = ("user", "Human", "human", "Boss")


def read(row: Record) -> Iterator[Episode]:
    environment = fields.record(row.get("env"))
    talk = Conversation()
    for message in _messages(environment):
        _hear(talk, message)
    talk.task = talk.task or fields.string(row, "idea")
    costs = fields.record(row.get("context")).get("cost_manager")
    columns = fields.without(row, "env", "idea", "context")
    yield talk.episode(
        columns={**columns, "cost_manager": fields.parsed(costs)},
    )


def _messages(environment: Record) -> list[Record]:
    """Each message once, in the order of the memories that hold it."""
    memories = [fields.record(environment.get("history"))]
    for role in fields.record(environment.get("roles")).values():
        context = fields.record(fields.record(role).get("rc"))
        memories.append(fields.record(context.get("memory")))
    messages: dict[str, Record] = {}
    for memory in memories:
        for message in fields.records(memory.get("storage")):
            name = fields.string(message, "id") or str(id(message))
            messages.setdefault(name, message)
    return list(messages.values())


def _hear(talk: Conversation, message: Record) -> None:
    action = fields.string(message, "cause_by").rpartition(".")[2]
    role = fields.string(message, "role")
    words = fields.text(message.get("content"))
    if action in _USER_ACTIONS or role in _USERS:
        talk.user(words)
        return
    calls = [Call(action, message.get("instruct_content"))] if action else []
    about = fields.record(message.get("metadata"))
    agent = fields.string(about, "agent") or role
    talk.step(
        words,
        calls=calls,
        agent=agent or fields.string(message, "sent_from"),
        raw_ref=fields.string(message, "id") or None,
    )


def _is_team(row: Record) -> bool:
    return "roles" in fields.record(row["env"])


METAGPT = Format(
    name="metagpt",
    title="MetaGPT teams",
    needs=(keys("env"),),
    accepts=_is_team,
    read=read,
)
