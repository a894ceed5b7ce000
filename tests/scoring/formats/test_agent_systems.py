"""Letta, AutoGPT, MetaGPT and Voyager: the systems the field grew up on."""

import json
from io import BytesIO

from scoring.formats import RowError, open_file, read


def results(value):
    return list(read(BytesIO(json.dumps(value).encode())))


def only(value):
    [episode] = results(value)
    return episode


def said(kind, words):
    return {"role": "user", "content": json.dumps({"type": kind, "message": words})}


def lettas(call_id, name, arguments, thought):
    function = {"name": name, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": [{"type": "text", "text": thought}],
        "tool_calls": [{"id": call_id, "function": function}],
    }


def returned(call_id, status, words):
    content = json.dumps({"status": status, "message": words})
    return {"role": "tool", "tool_call_id": call_id, "content": content}


LETTA = {
    "agent_type": "memgpt_agent",
    "core_memory": [],
    "system": "You remember.",
    "name": "desk",
    "messages": [
        lettas("boot", "send_message", {"message": "Hi"}, "Bootup sequence complete."),
        returned("boot", "OK", None),
        {"role": "system", "content": "You remember more."},
        said("login", "Never"),
        said("user_message", "I am Sarah."),
        lettas("a", "core_memory_append", {"content": "Sarah"}, "A name!"),
        returned("a", "Failed", "full"),
        said("heartbeat", "again"),
        lettas("b", "send_message", {"message": "Hello Sarah"}, "Greet."),
    ],
}
ANSWER = json.dumps(
    {
        "thoughts": {"text": "Look.", "reasoning": "Unknown.", "speak": "I look."},
        "command": {"name": "list_files", "args": {"directory": "."}},
    }
)
LOG = """\
2023-04-14 12:42:41,885 INFO Enter up to 5 goals for your AI:  For example:
Increase net worth'
2023-04-14 12:44:24,746 INFO DESK THOUGHTS: Look.
2023-04-14 12:44:25,605 INFO REASONING: Unknown.
2023-04-14 12:44:26,345 INFO PLAN:
2023-04-14 12:44:26,406 INFO -  list files
2023-04-14 12:44:28,343 INFO NEXT ACTION:  COMMAND = list_files  ARGUMENTS = {'a': 1}
2023-04-14 12:45:27,826 INFO SYSTEM:  Command list_files returned: one.txt
two.txt
"""
REQUIREMENT = {
    "id": "1",
    "role": "Human",
    "content": "Write a game.",
    "cause_by": "metagpt.actions.add_requirement.UserRequirement",
}
PRD = {
    "id": "2",
    "role": "Alice(Product Manager)",
    "content": "The game has…",
    "cause_by": "metagpt.actions.write_prd.WritePRD",
}
DESIGN = {**PRD, "id": "3", "role": "Bob(Architect)", "cause_by": "x.WriteDesign"}
TEAM = {
    "env": {
        "roles": {
            name: {"rc": {"memory": {"storage": storage}}}
            for name, storage in (("PM", [REQUIREMENT, PRD]), ("Dev", [PRD, DESIGN]))
        }
    },
    "idea": "Write a game.",
}


def test_lettas_monologue_is_thought_and_its_memory_a_kind_of_its_own():
    episode = only(LETTA)
    memory, message = episode.steps
    assert (episode.task, episode.system) == ("I am Sarah.", "You remember.")
    assert memory.observation == "[login] Never"
    assert (memory.kind, memory.thought, message.kind) == (
        "memory",
        "A name!",
        "message",
    )
    assert (memory.calls[0].result, memory.calls[0].is_error) == ("full", True)
    assert message.observation == "[heartbeat] again"


def test_each_agent_of_a_letta_file_is_an_episode_or_an_error():
    empty = {"name": "template", "messages": []}
    episode, error = results({"agents": [LETTA, empty], "blocks": []})
    assert episode.agent == "desk"
    assert isinstance(error, RowError)
    assert error.pointer == "/agents/1"


def test_an_autogpt_console_log_is_one_run():
    reading = open_file(BytesIO(LOG.encode()))
    [episode] = reading.episodes
    [step] = episode.steps
    assert reading.format.name == "autogpt_log"
    assert step.thought == "Look.\n\nUnknown.\n\n-  list files"
    assert (step.calls[0].name, step.calls[0].arguments) == ("list_files", "{'a': 1}")
    assert step.calls[0].result == "one.txt\ntwo.txt"


def test_autogpts_benchmark_holds_a_run_for_each_time():
    runs = {
        "2023-08-04 08:14:00+00:00": {
            "10": {"content": "No."},
            "2": {"content": ANSWER},
        }
    }
    episode = only({"TestFiles": runs})
    first, last = episode.steps
    assert (episode.task, first.thought, first.text) == (
        "TestFiles",
        "Look.\nUnknown.",
        "I look.",
    )
    assert (first.calls[0].arguments, last.text) == ({"directory": "."}, "No.")


def test_autogpts_history_joins_what_the_system_returned():
    history = [
        {"role": "assistant", "content": ANSWER},
        {"role": "system", "content": "Command list_files returned: one.txt"},
    ]
    reading = open_file(BytesIO(json.dumps(history).encode()))
    [episode] = reading.episodes
    assert reading.format.name == "autogpt_messages"
    assert episode.steps[0].calls[0].result.endswith("one.txt")


def test_autogpts_state_calls_its_steps_episodes():
    action = {
        "thoughts": {"text": "Look."},
        "use_tool": {"name": "ls", "arguments": {}},
    }
    cycle = {"action": action, "result": {"status": "error", "reason": "denied"}}
    state = {"agent_id": "a", "task": "List.", "history": {"episodes": [cycle]}}
    [step] = only(state).steps
    assert (step.thought, step.calls[0].result, step.calls[0].is_error) == (
        "Look.",
        "denied",
        True,
    )


def test_a_message_of_metagpt_is_one_step_however_many_memories_hold_it():
    episode = only(TEAM)
    assert episode.task == "Write a game."
    assert [(step.agent, step.calls[0].name) for step in episode.steps] == [
        ("Alice(Product Manager)", "WritePRD"),
        ("Bob(Architect)", "WriteDesign"),
    ]
    assert episode.steps[0].kind == "planning"


def test_a_voyager_file_is_one_attempt():
    state = {"status": {"health": 20}, "voxels": []}
    events = [
        ["onChat", {"onChat": "I need a table.", "inventory": {}, **state}],
        ["onError", {"onError": "No wood.", "inventory": {}, **state}],
        ["observe", {"inventory": {"log": 1}, **state}],
    ]
    reading = open_file(BytesIO(json.dumps(events).encode()))
    [episode] = reading.episodes
    [call] = episode.steps[0].calls
    assert reading.format.name == "voyager"
    assert call.is_error
    assert call.result.startswith("I need a table.\nNo wood.\n")
    assert '"log": 1' in call.result


def test_a_command_goes_by_several_names():
    said = {"mind": {"plan": "- run it"}, "cmd": {"name": "pyf", "args": {"path": "a"}}}
    runs = {"2023-08-24 03:24:19+00:00": {"1": {"content": json.dumps(said)}}}
    [episode] = read(BytesIO(json.dumps({"TestFiles": runs}).encode()))
    [step] = episode.steps
    assert (step.thought, step.calls[0].name) == ("- run it", "pyf")
    assert step.calls[0].arguments == {"path": "a"}
