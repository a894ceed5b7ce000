"""tau-bench runs (arXiv:2406.12045) and tau2 results (arXiv:2506.07982).

tau-bench: `{task_id, reward, info, traj: [OpenAI messages], trial}`, one of them a run.
tau2: `{info, tasks, simulations: [{id, task_id, trial, messages, reward_info, …}]}`, or
one simulation alone. Users are simulated customers; tau2's may call tools of their own,
which are what the agent observes.
"""

from collections.abc import Iterator

from scoring.errors import InvalidInput
from scoring.formats import fields
from scoring.formats.conversation import Conversation
from scoring.formats.format import Format, Record, RowError, keys
from scoring.formats.openai_chat import hear
from scoring.formats.outcomes import ended_by, outcome_of
from scoring.schema import Episode


def read(row: Record) -> Iterator[Episode]:
    talk = Conversation()
    hear(talk, fields.items(row.get("traj")))
    yield talk.episode(
        id=_trial_id(row, "task_id"),
        columns=fields.without(row, "traj"),
        outcome=outcome_of(row, talk),
    )


def read_results(row: Record) -> Iterator[Episode | RowError]:
    info = fields.record(row.get("info"))
    agent = fields.record(info.get("agent_info"))
    for i, simulation in enumerate(fields.records(row.get("simulations"))):
        try:
            yield _simulation(simulation, fields.string(agent, "llm"))
        except InvalidInput as error:
            yield RowError(None, error.detail, pointer=f"/simulations/{i}")


def read_simulation(row: Record) -> Iterator[Episode]:
    yield _simulation(row, model="")


def _simulation(row: Record, model: str) -> Episode:
    talk = Conversation(ended=ended_by(row.get("termination_reason")))
    hear(talk, [_of_agent(m) for m in fields.records(row.get("messages"))])
    return talk.episode(
        id=fields.string(row, "id") or _trial_id(row, "task_id"),
        model=model,
        columns=fields.without(row, "id", "messages"),
        outcome=outcome_of(fields.record(row.get("reward_info")), talk),
    )


def _of_agent(message: Record) -> Record:
    """A user's own tool calls and their results are the environment's business."""
    if message.get("requestor") == "user":
        return {"role": "user", "content": f"[user's tool] {message.get('content')}"}
    return message


def _trial_id(row: Record, name: str) -> str:
    trial = fields.string(row, "trial")
    return ":".join(filter(None, [fields.string(row, name), trial]))


TAU_BENCH = Format(
    name="tau_bench",
    title="tau-bench runs",
    needs=(keys("task_id", "reward", "traj"),),
    read=read,
)
TAU2 = Format(
    name="tau2",
    title="tau2 results",
    needs=(keys("info", "tasks", "simulations"),),
    read=read_results,
)
TAU2_SIMULATION = Format(
    name="tau2_simulation",
    title="a tau2 simulation",
    needs=(keys("task_id", "termination_reason", "messages"),),
    read=read_simulation,
)
