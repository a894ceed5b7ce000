import json
from io import BytesIO

from scoring.formats import read
from scoring.schema import Tokens

CALL = {"tool_call_id": "a", "function_name": "ls", "arguments": {"path": "/"}}
RUN = {
    "schema_version": "ATIF-v1.7",
    "session_id": "s",
    "agent": {"name": "terminus", "model_name": "m"},
    "steps": [
        {"step_id": 1, "source": "system", "message": "Be careful."},
        {"step_id": 2, "source": "user", "message": "List the files."},
        {"step_id": 3, "source": "agent", "message": "Old.", "is_copied_context": True},
        {
            "step_id": 4,
            "source": "agent",
            "message": [{"type": "text", "text": "Looking."}],
            "reasoning_content": "Which files?",
            "tool_calls": [CALL],
            "observation": {"results": [{"source_call_id": "a", "content": "x.py"}]},
            "metrics": {"prompt_tokens": 9, "completion_tokens": 2, "cost_usd": 0.5},
        },
    ],
}


def results(row):
    return list(read(BytesIO(json.dumps(row).encode())))


def test_an_agents_step_is_a_step_with_its_calls_tokens_and_cost():
    [episode] = results(RUN)
    [step] = episode.steps
    assert (step.text, step.thought) == ("Looking.", "Which files?")
    assert (step.calls[0].name, step.calls[0].result) == ("ls", "x.py")
    assert (step.tokens, step.cost) == (Tokens(9, 2), 0.5)
    assert (episode.agent, episode.model, episode.system) == (
        "terminus",
        "m",
        "Be careful.",
    )


def test_copied_context_is_seen_and_not_counted_again():
    assert results(RUN)[0].steps[0].observation == "Old."


def test_embedded_sub_agents_are_episodes_of_their_own():
    child = {**RUN, "trajectory_id": "child"}
    main, sub = results({**RUN, "subagent_trajectories": [child]})
    assert (main.id, sub.id, sub.meta["columns"]["parent"]) == ("s", "child", "s")
