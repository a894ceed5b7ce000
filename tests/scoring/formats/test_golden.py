"""What the real libraries write is read as it was meant (golden/write.py wrote it).

Every file tells the same story: asked for the weather in Faro, an agent calls a tool
and answers.
"""

import json
from pathlib import Path

import pytest

from scoring.formats import FORMATS, open_file
from scoring.schema import Episode, Tokens
from tests.scoring.formats.golden import expect

GOLDEN = Path(__file__).parent / "golden"
ASK = "What is the weather in Faro?"
ANSWER = "It is sunny in Faro."
CALL = ("weather", {"city": "Faro"}, "sunny")
# file: (format, [(text, thought, calls) of each step])
TOLD = [("", "", [CALL]), (ANSWER, "", [])]
THOUGHT = [("", "Ask the tool.", [CALL]), (ANSWER, "", [])]
PLAN = (
    "Here are the facts I know and the plan of action that I will follow to solve the "
    "task:\n```\n1. Ask the tool.\n2. Answer.\n```"
)
PLANNED = [
    ("", PLAN, []),
    ("", "", [CALL]),
    ("", "", [("final_answer", {"answer": ANSWER}, ANSWER)]),
]
FILES = {
    "atif.json": ("atif", THOUGHT),
    "autogen.json": ("autogen", THOUGHT),
    "autogen_state.json": ("autogen_state", THOUGHT),
    "google_adk.json": (
        "google_adk",
        [("", "", [(*CALL[:2], '{"sky": "sunny"}')]), (ANSWER, "", [])],
    ),
    "inspect.eval": (
        "inspect",
        [("tool call for tool weather", "", [CALL]), (ANSWER, "", [])],
    ),
    "inspect.json": (
        "inspect",
        [("tool call for tool weather", "", [CALL]), (ANSWER, "", [])],
    ),
    "langchain_dicts.json": ("langchain", TOLD),
    "langchain_dumps.json": ("langchain", TOLD),
    "langchain_models.json": ("langchain", TOLD),
    "langgraph.json": ("langgraph", TOLD),
    "openai_items.json": ("openai_items", TOLD),
    "openai_run_state.json": ("openai_run_state", TOLD),
    "pydantic_ai.json": ("pydantic_ai", THOUGHT),
    "smolagents_result.json": ("smolagents_result", PLANNED),
    "smolagents_steps.json": ("smolagents", PLANNED),
}
SPENT = {
    "atif.json": Tokens(9, 3),
    "autogen.json": Tokens(9, 3),
    "inspect.eval": Tokens(9, 3),
    "langchain_dicts.json": Tokens(9, 3),
    "smolagents_steps.json": Tokens(9, 3),
}


LINES = [json.loads(line) for line in expect.EXPECTED.read_text().splitlines()]


@pytest.mark.parametrize("format", [format.name for format in FORMATS])
def test_the_example_of_a_format_gives_what_it_gave(format: str):
    [expected] = [line for line in LINES if line["format"] == format]
    assert expect.found(format) == expected


def first_of(name: str) -> tuple[str, Episode]:
    with (GOLDEN / name).open("rb") as stream:
        reading = open_file(stream)
        results = list(reading.episodes)
    assert all(isinstance(result, Episode) for result in results), results
    assert results[0].meta.get("warnings") is None
    return reading.format.name, results[0]


def test_no_golden_file_is_forgotten():
    written = {
        path.name for path in GOLDEN.iterdir() if path.suffix in (".json", ".eval")
    }
    assert written == {*FILES, "mini_swe_agent.json"}


@pytest.mark.parametrize("name", FILES)
def test_the_story_is_read_as_it_was_told(name: str):
    format, episode = first_of(name)
    told = [
        (s.text, s.thought, [(c.name, c.arguments, c.result) for c in s.calls])
        for s in episode.steps
    ]
    assert (format, told) == FILES[name]
    assert episode.task == ASK
    assert [step.observation for step in episode.steps] == [""] * len(told)
    assert not any(call.is_error for step in episode.steps for call in step.calls)


@pytest.mark.parametrize("name", SPENT)
def test_tokens_are_with_the_step_that_spent_them(name: str):
    assert first_of(name)[1].steps[0].tokens == SPENT[name]


def test_a_shell_agent_submits_its_answer():
    format, episode = first_of("mini_swe_agent.json")
    first, last = episode.steps
    assert (format, episode.system, episode.model) == (
        "mini_swe_agent",
        "Be brief.",
        "deterministic",
    )
    assert first.calls[0].arguments == {"command": "echo sunny"}
    assert "sunny" in (first.calls[0].result or "")
    assert (last.text, episode.outcome.answer) == ("Done.", f"{ANSWER}\n")


def test_what_the_frameworks_say_of_the_agent_is_kept():
    names = {
        name: first_of(name)[1].agent for name in ("atif.json", "openai_run_state.json")
    }
    assert set(names.values()) == {"reporter"}
    assert first_of("autogen.json")[1].steps[0].agent == "reporter"
    assert first_of("google_adk.json")[1].steps[0].agent == "reporter"


def test_a_score_of_inspect_is_the_outcome():
    outcome = first_of("inspect.eval")[1].outcome
    assert (outcome.score, outcome.reference) == (1.0, "sunny")


def test_both_spellings_of_an_inspect_log_are_the_same_run():
    one, other = (first_of(name)[1] for name in ("inspect.eval", "inspect.json"))
    assert one.steps == other.steps


def test_a_sub_agent_of_atif_knows_the_call_it_answers():
    with (GOLDEN / "atif.json").open("rb") as stream:
        main, sub = open_file(stream).episodes
    above = sub.meta["columns"]
    assert (sub.id, above["parent"], above["parent_call"]) == ("child", main.id, "c1")


def test_nothing_of_the_machine_is_in_a_golden_file():
    for path in GOLDEN.glob("*.json"):
        assert "/tmp/" not in json.dumps(json.loads(path.read_text())), path.name
