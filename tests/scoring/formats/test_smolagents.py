import json
from io import BytesIO

import pytest

from scoring.formats import open_file
from scoring.schema import Outcome, Tokens

CODE = "print(depth('bay'))"
STEPS = [
    {"system_prompt": "Write code."},
    {"task": "How deep is the bay?", "task_images": None},
    {"plan": "Ask the gauge.", "token_usage": {"input_tokens": 3, "output_tokens": 4}},
    {
        "step_number": 1,
        "timing": {"start_time": 1_700_000_000.5, "end_time": None},
        "model_output": f"Thought: measure it.\n<code>\n{CODE}\n</code>",
        "tool_calls": [
            {"id": "c", "function": {"name": "python_interpreter", "arguments": CODE}}
        ],
        "observations": "Execution logs:\n12",
        "error": None,
        "action_output": "12 m",
    },
]
RESULT = {"output": "12 m", "state": "max_steps_error", "steps": STEPS}
PRINTED = [
    {"role": "user", "content": [{"type": "text", "text": "How deep is the bay?"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "Thought: measure."}]},
    {
        "role": "tool-call",
        "content": "Calling tools:\n[{'id': 'c', 'function': "
        "{'name': 'gauge', 'arguments': {'at': 'bay'}}}]",
    },
    {"role": "tool-response", "content": "Observation:\n12"},
]
ANSWER = {
    "question": "How deep is the bay?",
    "answer": "12",
    "true_answer": "12",
    "intermediate_steps": [repr(message) for message in PRINTED],
}


def opened(value):
    reading = open_file(BytesIO(json.dumps(value).encode()))
    [episode] = reading.episodes
    return reading.format.name, episode


@pytest.mark.parametrize(
    ("value", "name", "ended"),
    [
        (STEPS, "smolagents", "terminated"),
        (RESULT, "smolagents_result", "truncated"),
    ],
)
def test_a_memory_is_read_with_its_plan_and_its_code(value, name, ended):
    format, episode = opened(value)
    plan, act = episode.steps
    assert (format, episode.ended, episode.outcome.answer) == (name, ended, "12 m")
    assert (episode.task, episode.system) == ("How deep is the bay?", "Write code.")
    assert (plan.thought, plan.tokens) == ("Ask the gauge.", Tokens(3, 4))
    assert (act.thought, act.text, act.calls[0].arguments) == ("measure it.", "", CODE)
    assert act.calls[0].result == "Execution logs:\n12"
    assert act.started_at == "2023-11-14T22:13:20.500000+00:00"


def test_code_that_failed_is_an_error():
    failed = {**STEPS[-1], "observations": "", "error": {"message": "no gauge"}}
    _, episode = opened([*STEPS[:-1], failed])
    [call] = episode.steps[-1].calls
    assert (call.result, call.is_error) == ("no gauge", True)


def test_messages_printed_by_python_are_read():
    format, episode = opened(ANSWER)
    [step] = episode.steps
    assert (format, step.thought) == ("smolagents_answers", "measure.")
    assert (step.calls[0].name, step.calls[0].result) == ("gauge", "12")
    assert episode.outcome == Outcome(success=True, answer="12", reference="12")
    assert "warnings" not in episode.meta


def test_an_answer_in_other_words_is_not_called_wrong():
    _, episode = opened({**ANSWER, "answer": "12 metres"})
    assert episode.outcome.success is None


@pytest.mark.parametrize(
    "printed", ["ActionStep(plan=[…", "__import__('os')", "[" * 999]
)
def test_what_is_no_literal_stays_text(printed):
    _, episode = opened({**ANSWER, "intermediate_steps": [printed]})
    assert episode.steps[0].text == printed
