"""LangChain messages in their three own spellings, and LangGraph's state histories.

Nothing is constructed from what a file says (`langchain_core.load` would): constructor
records are read as the plain data they are.
"""

from collections.abc import Iterator, Sequence

from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.openai_chat import hear_message
from scoring.schema import Episode

_ROLES = {
    "human": "user",
    "ai": "assistant",
    "AIMessageChunk": "assistant",
    "system": "system",
    "tool": "tool",
    "function": "tool",
}


def read(messages: Sequence[Record]) -> Iterator[Episode]:
    talk = Conversation()
    for i, message in enumerate(messages):
        row = _plain(message)
        about = fields.record(row.get("additional_kwargs"))
        role = _ROLES.get(fields.string(row, "type"), fields.string(row, "role"))
        usage = fields.tokens(row.get("usage_metadata"))
        # repeats the calls as the provider spelt them, and may hold the reasoning
        thought = fields.string(about, "reasoning_content")
        known = {**row, "role": role, "reasoning_content": thought}
        hear_message(talk, known, at=f"/{i}", usage=usage)
    yield talk.episode()


def read_states(states: Sequence[Record]) -> Iterator[Episode]:
    """The newest state holds the whole conversation, older ones its prefixes."""
    values = [fields.record(state.get("values")) for state in states]
    spoken = [fields.records(value.get("messages")) for value in values]
    yield from read(max(spoken, key=len, default=[]))


def _plain(message: Record) -> Record:
    inner = message.get("kwargs", message.get("data"))
    return {"type": message.get("type"), **fields.record(inner)} if inner else message


def _is_message(row: Record) -> bool:
    # Grok's logs have `type` and `content` too, but nothing else of LangChain's
    known = _plain(row)
    marked = {"additional_kwargs", "response_metadata", "tool_call_id"} & known.keys()
    return bool(marked or row.get("lc") == 1) and fields.string(known, "type") in _ROLES


LANGCHAIN = Format(
    name="langchain",
    title="LangChain messages",
    needs=(keys("lc", "kwargs"), keys("type", "data"), keys("type", "content")),
    accepts=_is_message,
    read=read,
    unit="file",
)
LANGGRAPH = Format(
    name="langgraph",
    title="LangGraph state histories",
    needs=(keys("values", "config", "metadata"),),
    read=read_states,
    unit="file",
)
