"""SWE-agent, mini-swe-agent and OpenHands: three ways to write down commands."""

import json
from io import BytesIO

import pytest

from scoring.formats import open_file

SYSTEM = {"role": "system", "content": "Use the shell."}
ISSUE = {"role": "user", "content": "Fix the typo."}
SWE_AGENT = {
    "trajectory": [
        {"thought": "Look.", "action": "ls\n", "observation": "a.py", "response": "…"},
        {"thought": "", "action": "", "observation": "Try again.", "response": "Hm"},
        {
            "thought": "Done.",
            "action": "submit",
            "observation": "diff",
            "response": "…",
        },
    ],
    "history": [SYSTEM, {**ISSUE, "is_demo": True, "content": "Watch."}, ISSUE],
    "info": {"exit_status": "submitted (exit_cost)", "submission": "diff"},
}
DEMO = {
    "history": [
        SYSTEM,
        ISSUE,
        {"role": "assistant", "thought": "Look.", "action": "ls", "content": "…"},
        {"role": "user", "message_type": "observation", "content": "a.py"},
    ]
}
MINI_2 = {
    "trajectory_format": "mini-swe-agent-1.1",
    "info": {"exit_status": "LimitsExceeded", "submission": ""},
    "messages": [
        SYSTEM,
        ISSUE,
        {
            "role": "assistant",
            "content": "Look.",
            "extra": {"actions": [{"command": "ls"}], "cost": 0.5},
        },
        {"role": "user", "content": "none", "extra": {"returncode": 1}},
        {"role": "exit", "content": ""},
    ],
}
MINI_1 = {
    **MINI_2,
    "messages": [
        SYSTEM,
        ISSUE,
        {"role": "assistant", "content": "Look.\n\n```bash\nls\n```"},
        {"role": "user", "content": "a.py"},
    ],
}
RESPONSE = {"model_response": {"id": "r1"}}
HANDS_0 = [
    {"source": "agent", "action": "system", "args": {"content": "Use the shell."}},
    {"source": "user", "action": "message", "args": {"content": "Fix the typo."}},
    *(
        {
            "id": i,
            "source": "agent",
            "action": "run",
            "args": {"command": command, "thought": thought},
            "tool_call_metadata": {**RESPONSE, "tool_call_id": f"t{i}"},
        }
        for i, (command, thought) in enumerate([("ls", "Look."), ("pwd", "")])
    ),
    {"source": "agent", "observation": "run", "content": "/", "cause": 1},
    {
        "source": "agent",
        "observation": "run",
        "content": "a.py",
        "tool_call_metadata": {"tool_call_id": "t0"},
    },
]
OLD_HANDS = {
    "issue": {"number": 5},
    "success": True,
    "history": [
        [{"action": "message", "content": "Fix the typo."}, {"observation": "null"}],
        [
            {"action": "run", "command": "ls", "thought": "Look."},
            {"observation": "run", "content": "a.py"},
        ],
    ],
}
HANDS_1 = [
    {
        "source": "agent",
        "kind": "SystemPromptEvent",
        "system_prompt": {"text": "Use it."},
    },
    {
        "source": "user",
        "kind": "MessageEvent",
        "llm_message": {"content": [{"type": "text", "text": "Fix the typo."}]},
    },
    {
        "source": "agent",
        "kind": "ActionEvent",
        "timestamp": "2026-01-01",
        "thought": [{"type": "text", "text": "Look."}],
        "tool_name": "terminal",
        "tool_call_id": "t",
        "tool_call": {"arguments": '{"command": "ls"}'},
        "llm_response_id": "r1",
    },
    {
        "source": "environment",
        "kind": "ObservationEvent",
        "tool_call_id": "t",
        "observation": {"content": [{"type": "text", "text": "a.py"}]},
    },
]


def only(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    return reading.format.name, episode


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (SWE_AGENT, "swe_agent"),
        (DEMO, "swe_agent"),
        (MINI_1, "mini_swe_agent"),
        (HANDS_0, "openhands_v0"),
        (OLD_HANDS, "openhands_output"),
        (HANDS_1, "openhands_v1"),
        ({"items": HANDS_1}, "openhands_page"),
    ],
)
def test_the_first_step_looks_and_sees_the_file(value, name):
    found, episode = only(value)
    step = episode.steps[0]
    assert (found, episode.task) == (name, "Fix the typo.")
    assert "Look." in (step.thought, step.text)
    assert "ls" in str(step.calls[0].arguments)
    assert step.calls[0].result == "a.py"


def test_a_command_that_did_not_parse_is_what_was_said():
    _, episode = only(SWE_AGENT)
    assert (episode.steps[1].text, episode.steps[2].observation) == ("Hm", "Try again.")
    assert (episode.ended, episode.outcome.answer) == ("truncated", "diff")


def test_a_returncode_marks_an_error_and_a_limit_the_end():
    _, episode = only(MINI_2)
    assert episode.steps[0].calls[0].is_error
    assert (episode.steps[0].cost, episode.ended) == (0.5, "truncated")


def test_actions_of_one_response_are_one_step():
    _, episode = only(HANDS_0)
    [step] = episode.steps
    assert [call.arguments["command"] for call in step.calls] == ["ls", "pwd"]


def test_an_evaluation_keeps_whether_the_issue_was_solved():
    assert only(OLD_HANDS)[1].outcome.success is True


def test_a_row_of_a_data_set_says_if_the_issue_was_resolved():
    row = {
        "instance_id": "i",
        "exit_status": "submitted",
        "target": False,
        "trajectory": [
            {"role": "system", "text": None, "system_prompt": "Use the shell."},
            {"role": "user", "text": "Fix the typo."},
            {"role": "ai", "text": "Look.\n```\nls\n```"},
        ],
    }
    name, episode = only(row)
    assert (name, episode.outcome.success) == ("swe_agent_rows", False)
    assert (episode.system, len(episode.steps)) == ("Use the shell.", 1)
