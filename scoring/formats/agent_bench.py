"""AgentBench's `runs.jsonl` (arXiv:2308.03688)."""

from collections.abc import Iterator

from scoring.formats import fields, openai_chat
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, keys
from scoring.formats.outcomes import ended_by, outcome_of
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode]:
    output = fields.record(row.get("output"))
    talk = Conversation(ended=ended_by(output.get("status")))
    openai_chat.hear(talk, fields.items(output.get("history")))
    result = output.get("result")
    # a task's result is a grade, or an object that may hold one
    graded = result if isinstance(result, dict) else {"score": result}
    yield talk.episode(
        id=fields.string(row, "index"),
        columns={**fields.without(row, "output"), "result": result},
        outcome=outcome_of(graded, talk),
    )


def _has_history(row: Record) -> bool:
    return "history" in fields.record(row["output"])


AGENT_BENCH = Format(
    name="agent_bench",
    title="AgentBench runs",
    needs=(keys("index", "output"),),
    accepts=_has_history,
    read=read,
)
