import json
from io import BytesIO

from scoring.formats import open_file
from tests.scoring.formats.packing import zipped

FIRST = {
    "state_analysis": "An empty terminal.",
    "explanation": "List.",
    "commands": [{"keystrokes": "ls\n", "is_blocking": True, "timeout_sec": 1}],
    "is_task_complete": False,
}
LAST = {"analysis": "Done.", "plan": "", "commands": [], "task_complete": True}
RESULT = {
    "trial_name": "hello.1-of-1",
    "task_id": "hello",
    "instruction": "Say hello.",
    "is_resolved": True,
    "failure_mode": "unset",
}
SAID = {
    "type": "assistant",
    "message": {
        "id": "m",
        "role": "assistant",
        "content": [
            {"type": "tool_use", "id": "c", "name": "Bash", "input": {"a": "b " * 30}}
        ],
    },
}
HEARD = {
    "type": "user",
    "message": {
        "role": "user",
        "content": [{"type": "tool_result", "tool_use_id": "c", "content": "hi"}],
    },
}


def wrapped(row, width=40):
    """A line of JSON as a terminal shows it: broken, and trimmed at the right."""
    text = json.dumps(row, separators=(",", ":"))
    parts = [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join(part.rstrip() for part in parts)


PANE = f"""[log_1] post something {{
  accept: 'json',
}}
{wrapped(SAID)}
[log_2] more {{
{wrapped(HEARD)}
root@box:/app# """


def test_an_answer_is_a_step_and_keystrokes_are_calls():
    rows = "\n".join(map(json.dumps, [FIRST, LAST]))
    reading = open_file(BytesIO(rows.encode()))
    [episode] = reading.episodes
    first, last = episode.steps
    assert (reading.format.name, first.thought) == (
        "terminal_bench",
        "An empty terminal.\n\nList.",
    )
    assert first.calls[0].arguments == FIRST["commands"][0]
    assert [call.name for call in last.calls] == ["finish"]


def test_a_trials_folder_is_one_episode_with_its_result():
    files = {
        "t/results.json": json.dumps(RESULT),
        "t/agent-logs/episode-0/prompt.txt": "Say hello. The terminal is empty.",
        "t/agent-logs/episode-0/response.json": json.dumps(FIRST),
        "t/agent-logs/episode-1/prompt.txt": "hello.txt",
        "t/agent-logs/episode-1/response.json": "I am {not JSON",
        "t/agent-logs/episode-10/response.json": json.dumps(LAST),
        "t/agent-logs/episode-10/debug.json": "{}",
    }
    data = zipped({name: text.encode() for name, text in files.items()})
    reading = open_file(BytesIO(data))
    episode, other = reading.episodes
    assert (episode.id, episode.task) == ("hello.1-of-1", "Say hello.")
    assert episode.outcome.success is True
    assert [step.text for step in episode.steps] == ["", "I am {not JSON", ""]
    assert episode.steps[1].observation == "hello.txt"
    assert other.member == "t/agent-logs/episode-10/debug.json"


def test_what_a_terminal_broke_is_joined_again():
    reading = open_file(BytesIO(PANE.encode()))
    [episode] = reading.episodes
    [step] = episode.steps
    assert reading.format.name == "terminal_pane"
    assert (step.calls[0].arguments, step.calls[0].result) == ({"a": "b " * 30}, "hi")


def test_a_pane_beside_its_result_has_task_and_outcome():
    files = {"t/panes/post-agent.txt": PANE, "t/results.json": json.dumps(RESULT)}
    data = zipped({name: text.encode() for name, text in files.items()})
    [episode] = open_file(BytesIO(data)).episodes
    assert (episode.task, episode.outcome.success) == ("Say hello.", True)
    assert episode.meta["source_format"] == "terminal_pane"
