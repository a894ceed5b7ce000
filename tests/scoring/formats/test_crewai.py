import json
from io import BytesIO

from scoring.formats import open_file
from scoring.formats.conversation import NO_TASK

SAID = (
    'Thought: Look it up.\nAction: tide\nAction Input: {"at": "bay"}\nObservation: low'
)
ACTION = {
    "type": "AgentAction",
    "thought": "Thought: Look it up.",
    "tool": "tide",
    "tool_input": '{"at": "bay"}',
    "text": SAID,
    "result": "low",
}
OUTPUT = {
    "raw": "Wait till noon.",
    "tasks_output": [
        {
            "description": "Find the tide.",
            "agent": "Pilot",
            "raw": "low",
            "messages": [{"role": "assistant", "content": SAID}],
        },
        {"description": "Give advice.", "agent": "Writer", "raw": "Wait till noon."},
    ],
}
LOG = [
    {
        "timestamp": "2026-01-01 10:00:00",
        "task_name": "tide",
        "task": "Find the tide.",
        "agent": "Pilot",
        "status": status,
        "output": output,
    }
    for status, output in (("started", None), ("completed", "low"))
]
CALLBACK = [{"type": "ToolResult", "result": "low", "result_as_answer": False}, ACTION]


def opened(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    return reading.format.name, episode


def test_a_crews_tasks_are_one_episode():
    format, episode = opened(OUTPUT)
    look, advise = episode.steps
    assert (format, episode.task) == ("crewai", "Find the tide.")
    assert (look.agent, look.thought) == ("Pilot", "Look it up.")
    assert (look.calls[0].name, look.calls[0].arguments, look.calls[0].result) == (
        "tide",
        {"at": "bay"},
        "low",
    )
    assert (advise.agent, advise.observation) == ("Writer", "Give advice.")
    assert (advise.text, episode.outcome.answer) == (
        "Wait till noon.",
        "Wait till noon.",
    )


def test_a_log_of_tasks_is_read():
    format, episode = opened(LOG)
    assert (format, episode.task) == ("crewai_log", "Find the tide.")
    assert [(step.agent, step.text) for step in episode.steps] == [("Pilot", "low")]


def test_what_a_callback_saw_is_read_without_its_repetitions():
    format, episode = opened(CALLBACK)
    [step] = episode.steps
    assert (format, episode.task, step.thought) == (
        "crewai_callback",
        NO_TASK,
        "Look it up.",
    )
    assert (step.calls[0].arguments, step.calls[0].result) == ({"at": "bay"}, "low")
