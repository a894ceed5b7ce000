import json
from io import BytesIO

from scoring.formats import open_file, read
from scoring.schema import Tokens

ASK = {
    "type": "message",
    "role": "user",
    "content": [{"type": "input_text", "text": "Hi?"}],
}
THINK = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Look."}]}
LOOK = {
    "type": "function_call",
    "call_id": "a",
    "id": "x",
    "name": "ls",
    "arguments": "{}",
}
LOOK_TOO = {**LOOK, "call_id": "b", "id": "y"}
SEEN = {"type": "function_call_output", "call_id": "a", "output": "one"}
SEEN_TOO = {**SEEN, "call_id": "b", "output": "two"}
SAY = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Done"}],
}
ITEMS = [ASK, THINK, LOOK, LOOK_TOO, SEEN_TOO, SEEN, SAY]


def only(value):
    [episode] = read(BytesIO(json.dumps(value).encode()))
    return episode


def lines(rows) -> bytes:
    return "\n".join(json.dumps(row) for row in rows).encode()


def test_items_between_two_results_are_one_step_joined_by_call_id():
    first, last = only(ITEMS).steps
    assert first.thought == "Look."
    assert [call.result for call in first.calls] == ["one", "two"]
    assert last.text == "Done"


def test_new_reasoning_begins_a_new_step():
    assert len(only([ASK, THINK, SAY, THINK, SAY]).steps) == 2


def test_a_rollout_holds_prompt_response_and_reward():
    row = {
        "responses_create_params": {"input": [ASK], "instructions": "Be kind."},
        "response": {"id": "r", "model": "m", "output": ITEMS[1:]},
        "reward": 1.0,
    }
    episode = only(row)
    assert episode.steps == only(ITEMS).steps
    assert (episode.system, episode.id, episode.outcome.score) == ("Be kind.", "r", 1.0)


def test_a_run_state_keeps_which_agent_acted():
    items = [{"agent": {"name": n}, "raw_item": SAY} for n in ("desk", "manager")]
    state = {"$schemaVersion": "1.9", "original_input": "Hi?", "generated_items": items}
    assert [step.agent for step in only(state).steps] == ["desk", "manager"]


def test_a_hosted_tool_holds_its_result():
    search = {
        "type": "mcp_call",
        "id": "m",
        "name": "find",
        "output": "found",
        "arguments": "{}",
    }
    [call] = only([ASK, THINK, search]).steps[0].calls
    assert (call.name, call.result) == ("find", "found")


def test_a_codex_rollout_is_read_once_with_its_tokens():
    usage = {"input_tokens": 5, "output_tokens": 2}
    context = {
        "role": "user",
        "content": "<environment_context>/tmp</environment_context>",
    }
    wrapped = {
        **SEEN,
        "output": json.dumps({"output": "one", "metadata": {"exit_code": 0}}),
    }
    rows = [
        {"type": "session_meta", "payload": {"id": "s"}},
        {"type": "turn_context", "payload": {"model": "m"}},
        *({"type": "response_item", "payload": i} for i in (context, ASK, THINK, LOOK)),
        {"type": "event_msg", "payload": {"type": "agent_reasoning", "text": "Look."}},
        {
            "type": "event_msg",
            "payload": {"type": "token_count", "info": {"last_token_usage": usage}},
        },
        {"type": "response_item", "payload": wrapped},
        {"type": "response_item", "payload": SAY},
    ]
    [episode] = read(BytesIO(lines(rows)))
    assert (episode.id, episode.model, episode.task) == ("s", "m", "Hi?")
    assert episode.steps[0].tokens == Tokens(5, 2)
    assert episode.steps[0].calls[0].result == "one"
    assert len(episode.steps) == 2


def test_codex_exec_makes_a_step_of_each_finished_item():
    shell = {
        "id": "i1",
        "type": "command_execution",
        "command": "ls",
        "aggregated_output": "a",
        "exit_code": 1,
        "status": "failed",
    }
    rows = [
        {"type": "thread.started", "thread_id": "t"},
        {"type": "item.started", "item": shell},
        {"type": "item.completed", "item": {"type": "reasoning", "text": "Look."}},
        {"type": "item.completed", "item": shell},
        {"type": "item.completed", "item": {"type": "agent_message", "text": "Done"}},
        {"type": "turn.failed", "error": {"message": "limit"}},
    ]
    reading = open_file(BytesIO(lines(rows)))
    [episode] = reading.episodes
    first, last = episode.steps
    assert (reading.format.name, episode.ended) == ("codex_exec", "truncated")
    assert (first.thought, first.calls[0].name, first.calls[0].is_error) == (
        "Look.",
        "shell",
        True,
    )
    assert (first.calls[0].arguments, last.text) == ({"command": "ls"}, "Done")
