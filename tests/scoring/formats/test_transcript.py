import json
from io import BytesIO

from scoring.formats import open_file

ANSWER = {
    "thoughts": {"text": "Look.", "plan": "- ls"},
    "command": {"name": "ls", "args": {}},
}
LOG = f"""System: Remember the goal.
User: NEXT COMMAND
Assistant: {json.dumps(ANSWER, indent=1)}
System: one.txt
User: NEXT COMMAND
Assistant: Done.
"""
FIRST_LOG = f"""USER:
Earn money.
-----------------------------------------
Tycoon-GTP:
{json.dumps(ANSWER)}
USER:
RESULT:
one.txt
"""
DISPLAY = {
    "messages_display": "user: Cancel.\nassistant: None\ntool: done\nassistant: Gone."
}
DEMO = """# a demonstration
history:
  - role: user
    message_type: observation
    content: |-
      Fix the bug.
      Please.
  - role: assistant
    message_type: action
    content: Look first.
    tool_calls:
      - {id: c, type: function, function: {name: view, arguments: '{"path": "/"}'}}
  - role: tool
    message_type: observation
    content: a.py
    tool_call_ids: [c]
"""


def only(text):
    reading = open_file(BytesIO(text.encode()))
    [result] = reading.episodes
    return reading.format.name, result


def test_the_system_answers_a_command():
    name, episode = only(LOG)
    first, second = episode.steps
    assert (name, episode.system) == ("transcript", "Remember the goal.")
    assert (first.calls[0].name, first.calls[0].result) == ("ls", "one.txt")
    assert (first.thought, first.kind, second.text) == ("Look.\n- ls", "tool", "Done.")


def test_the_user_answers_a_command_in_the_first_logs():
    _, episode = only(FIRST_LOG.replace("Tycoon", "Entrepreneur"))
    [step] = episode.steps
    assert (episode.task, step.calls[0].result) == ("Earn money.", "RESULT:\none.txt")


def test_a_dialogue_shows_answers_of_tools_without_their_calls():
    name, episode = only(json.dumps(DISPLAY))
    first, second = episode.steps
    assert (name, episode.task) == ("tau_display", "Cancel.")
    assert (first.calls[0].result, second.text) == ("done", "Gone.")


def test_a_demonstration_of_swe_agent_in_yaml():
    name, episode = only(DEMO)
    [step] = episode.steps
    assert (name, episode.task) == ("swe_agent_demo", "Fix the bug.\nPlease.")
    assert (step.text, step.calls[0].arguments) == ("Look first.", {"path": "/"})
    assert step.calls[0].result == "a.py"


def test_yaml_that_would_grow_is_refused():
    bomb = "history:\n  a: &a [x, x]\n  b: [*a, *a]\n"
    assert "aliases" in only(bomb)[1].detail


def test_yaml_that_names_types_is_plain_text():
    evil = DEMO.replace(
        "content: a.py", "content: !!python/object/apply:os.system [ls]"
    )
    assert only(evil)[1].steps[0].calls[0].result == "ls"


def test_bad_yaml_says_where():
    error = only("history:\n  - a: [\n  }")[1]
    assert (error.line, "not valid YAML" in error.detail) == (3, True)
