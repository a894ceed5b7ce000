import json
from io import BytesIO

import pytest

from scoring.formats import read
from scoring.schema import Outcome, Tokens

ROOT, MODEL, TOOL = "r", "m", "w"


def run(id, order, run_type, inputs, outputs, **more):
    start = f"2026-02-01T10:00:0{order.count('.') + int(order[-1])}"
    ids = {"id": id, "trace_id": ROOT, "dotted_order": order, "start_time": start}
    return {**ids, "run_type": run_type, "inputs": inputs, "outputs": outputs, **more}


def constructed(kind, **kwargs):
    return {"lc": 1, "type": "constructor", "id": ["langchain", kind], "kwargs": kwargs}


ASKED = {"messages": [[constructed("HumanMessage", content="Ferry to Tavira?")]]}
CALLS = constructed(
    "AIMessage",
    content="Looking.",
    tool_calls=[{"id": "c", "name": "ferry", "args": {"to": "Tavira"}}],
    usage_metadata={"input_tokens": 11, "output_tokens": 3},
)
ROWS = [
    run(ROOT, "0ZrZ0", "chain", {"messages": [["user", "Ferry to Tavira?"]]}, {}),
    run(
        MODEL,
        "0ZrZ0.0ZmZ1",
        "llm",
        ASKED,
        {"generations": [[{"text": "Looking.", "message": CALLS}]]},
        parent_run_id=ROOT,
        extra={"metadata": {"langgraph_node": "clerk", "ls_model_name": "m-1"}},
    ),
    run(
        TOOL,
        "0ZrZ0.0ZwZ2",
        "tool",
        {"to": "Tavira"},
        {"output": {"type": "tool", "content": "at nine", "tool_call_id": "c"}},
        parent_run_id=ROOT,
        name="ferry",
    ),
]
TREE = {**ROWS[0], "child_runs": ROWS[1:]}
BATCH = {
    "post": [{k: v for k, v in row.items() if k != "outputs"} for row in ROWS],
    "patch": [{"id": row["id"], "outputs": row["outputs"]} for row in ROWS],
}
OPERATIONS = "\n".join(json.dumps(row) for row in (*BATCH["post"], *BATCH["patch"]))


@pytest.mark.parametrize(
    "text",
    [json.dumps(ROWS), json.dumps(TREE), json.dumps(BATCH), OPERATIONS],
    ids=["list", "tree", "batch", "operations"],
)
def test_every_carrier_gives_the_same_episode(text):
    [episode] = read(BytesIO(text.encode()))
    [step] = episode.steps
    assert (episode.task, episode.model) == ("Ferry to Tavira?", "m-1")
    assert (step.agent, step.text, step.tokens) == ("clerk", "Looking.", Tokens(11, 3))
    [call] = step.calls
    assert (call.name, call.arguments, call.result) == (
        "ferry",
        {"to": "Tavira"},
        "at nine",
    )


def test_a_tool_that_failed_is_an_error():
    failed = {**ROWS[2], "outputs": {}, "error": "no such port"}
    [episode] = read(BytesIO(json.dumps([*ROWS[:2], failed]).encode()))
    [call] = episode.steps[0].calls
    assert (call.result, call.is_error) == ("no such port", True)


def test_feedback_is_the_outcome():
    stats = {"toxicity": {"avg": 0.1}, "Correctness": {"avg": 0.75}}
    rated = {**ROWS[0], "feedback_stats": stats}
    [episode] = read(BytesIO(json.dumps([rated, *ROWS[1:]]).encode()))
    assert episode.outcome == Outcome(score=0.75)


def test_a_run_without_inner_runs_is_read_from_its_messages():
    said = {"messages": [{"type": "ai", "content": "At nine.", "tool_calls": []}]}
    [episode] = read(BytesIO(json.dumps([{**ROWS[0], "outputs": said}]).encode()))
    assert (episode.task, episode.steps[0].text) == ("Ferry to Tavira?", "At nine.")
