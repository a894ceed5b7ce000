"""Every kind of step is found by a rule, and every rule can be overruled."""

import json
from io import BytesIO

import pytest

from scoring.errors import InvalidInput
from scoring.formats import open_file, read
from scoring.formats.kinds import Kinds, kind_of
from scoring.schema import KINDS, Call, Episode, Step

TOOLS = {
    "core_memory_append": "memory",
    "TodoWrite": "planning",
    "update_plan": "planning",
    "WritePRD": "planning",
    "reflect": "reflection",
    "think": "reasoning",
    "browser_take_screenshot": "perception",
    "send_message": "message",
    "bash": "tool",
    "NotebookEdit": "tool",
    "annotate": "tool",
}
WORDS = {
    "## Plan\n1. look": "planning",
    "Updated plan: look again": "planning",
    "Reflection: I was too fast.": "reflection",
    "Note to self: the key is under the mat.": "memory",
    "On the screen: two buttons.": "perception",
    "Planet Earth: a guide": "message",
    "Done.": "message",
}


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_tells_the_kind_of_a_step(name):
    assert kind_of([Call(name)], "", "") == TOOLS[name]


@pytest.mark.parametrize("text", WORDS)
def test_without_a_tool_its_first_words_do(text):
    assert kind_of([], "", text) == WORDS[text]


def test_a_bare_thought_is_reasoning():
    assert kind_of([], "Which file?", "") == "reasoning"


def test_calls_of_different_kinds_make_a_tool_step():
    assert kind_of([Call("think"), Call("send_message")], "", "") == "tool"


def test_all_seven_can_be_reached():
    assert {*TOOLS.values(), *WORDS.values()} == set(KINDS)


def chat(**message):
    said = {
        "role": "assistant",
        "tool_calls": [{"function": {"name": "Read"}}],
        **message,
    }
    row = {"messages": [{"role": "user", "content": "q"}, said]}
    return BytesIO(json.dumps(row).encode())


def test_a_file_may_say_it_itself():
    [episode] = read(chat(kind="reflection"))
    assert episode.steps[0].kind == "reflection"


def test_what_a_file_calls_a_kind_and_is_none_is_left_to_the_rules():
    [episode] = read(chat(kind="weird"))
    assert episode.steps[0].kind == "tool"


def test_a_users_mapping_knows_better_than_the_file():
    [episode] = read(chat(kind="reflection"), kinds={"Re*": "perception"})
    assert episode.steps[0].kind == "perception"


def test_the_first_pattern_that_fits_counts():
    kinds = Kinds.of({"Read": "memory", "*": "tool"})
    steps = tuple(Step(i, calls=(Call(n),)) for i, n in enumerate(["Read", "Rea"]))
    assert [s.kind for s in kinds.applied(Episode("t", steps)).steps] == [
        "memory",
        "tool",
    ]


@pytest.mark.parametrize("bad", [{"a": "magic"}, {"": "tool"}, {"a" * 101: "tool"}])
def test_a_mapping_that_is_none_is_refused(bad):
    with pytest.raises(InvalidInput):
        open_file(chat(), kinds=bad)
