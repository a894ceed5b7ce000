"""ToolBench answers (arXiv:2307.16789): the path of the search that won."""

from collections.abc import Iterator

from scoring.formats import fields, openai_chat
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.schema import Episode, Outcome


def read(row: Record) -> Iterator[Episode]:
    """Each list of training messages is a prefix of the next; the last is the path."""
    answer = fields.record(row.get("answer_generation"))
    paths = [
        fields.records(path) for path in fields.items(answer.get("train_messages"))
    ]
    talk = Conversation()
    openai_chat.hear(talk, max(paths, key=len, default=[]))
    talk.task = fields.string(answer, "query").strip() or talk.task
    said = fields.parsed(answer.get("final_answer"))
    final = fields.string(fields.record(said), "final_answer") or fields.text(said)
    yield talk.episode(
        columns={
            **fields.without(row, "answer_generation", "tree", "compare_candidates"),
            **fields.without(answer, "train_messages", "query", "function", "chain"),
        },
        outcome=Outcome(answer=final or None),
    )


TOOLBENCH = Format(
    name="toolbench",
    title="ToolBench answers",
    needs=(keys("tree", "answer_generation"),),
    read=read,
)
