"""Rules that charge a step whatever the model thinks of it."""

from dataclasses import replace
from typing import Any

import pytest

from scoring.rewards import DEFAULT, Spec, named, score
from scoring.schema import Call, Episode, Prediction, Step
from tests.scoring.rewards.cases import call, column, run, say

TOOL = {
    "name": "refund",
    "parameters": {
        "type": "object",
        "properties": {"order": {"type": "integer"}},
        "required": ["order"],
    },
}


def fully_trusted(episode: Episode) -> Prediction:
    size = len(episode.steps)
    return Prediction((1.0,) * size, (0.0,) * size, (None,) * size, (None,) * size)


def process(episode: Episode, spec: Spec = DEFAULT) -> list[float]:
    return column(score(episode, fully_trusted(episode), spec), "process")


def ordered(*rules: dict[str, str]) -> Spec:
    data = DEFAULT.to_dict()
    data["components"]["process"]["order"] = list(rules)
    return Spec.from_dict(data)


@pytest.mark.parametrize(
    ("arguments", "charged"),
    [
        ({"order": 7}, False),
        ({"order": "7"}, True),
        (None, True),
        ("the seventh", False),
        ('{"order": 7', True),
        ("{'order': 7}", False),
    ],
)
@pytest.mark.parametrize("tools", [[TOOL], [{"type": "function", "function": TOOL}]])
def test_arguments_are_held_to_the_declared_schema(
    arguments: Any, charged: bool, tools: list[Any]
) -> None:
    episode = run(call("refund", arguments), say("done"), meta={"tools": tools})
    assert process(episode) == [-0.2 if charged else 0.0, 0.0]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "no such type"},
        {"$ref": "https://example.org/schema.json"},
        {"properties": {"order": {"type": "string", "pattern": "(a+)+$"}}},
        {"patternProperties": {"(a+)+$": {}}, "additionalProperties": False},
        {"allOf": [{"$ref": "#"}]},
    ],
)
def test_a_schema_that_cannot_be_trusted_charges_nobody(schema: dict[str, Any]) -> None:
    tools = [{"name": "refund", "parameters": schema}, "junk", {"name": 3}]
    episode = run(call("refund", {"order": "a" * 40 + "!"}), meta={"tools": tools})
    assert process(episode) == [0.0]


def test_15_precedence_is_charged_where_it_is_broken() -> None:
    rule = {"rule": "precedence", "first": "look_up", "then": "refund"}
    hasty = run(say("hi"), call("refund"), call("look_up"), call("refund"))
    assert process(hasty, ordered(rule)) == [0.0, -0.2, 0.0, 0.0]
    blind = run(call("greet"), call("refund"))
    assert process(blind, ordered(rule)) == [0.0, -0.2]
    careful = run(call("look_up"), call("refund"))
    assert process(careful, ordered(rule)) == [0.0, 0.0]


def test_15_a_second_time_is_charged_where_it_happens() -> None:
    rule = {"rule": "at_most_once", "first": "refund"}
    twice = run(call("refund"), say("again"), call("refund"), say("bye"))
    assert process(twice, ordered(rule)) == [0.0, 0.0, -0.2, 0.0]


def test_15_what_was_opened_and_never_closed_is_charged_at_the_end() -> None:
    rule = {"rule": "response", "first": "open", "then": "close"}
    left = run(call("open"), call("close"), call("open"), say("bye"))
    assert process(left, ordered(rule)) == [0.0, 0.0, 0.0, -0.2]
    tidy = run(call("open"), call("close"), say("bye"))
    assert process(tidy, ordered(rule)) == [0.0, 0.0, 0.0]


def test_a_broken_rule_is_named_on_its_step() -> None:
    rule = {"rule": "at_most_once", "first": "refund"}
    twice = run(call("refund"), call("refund"))
    made = score(twice, None, ordered(rule))
    assert made["steps"][1]["flags"] == ["carry_forward", "order:at_most_once:refund"]
    assert column(made, "process") == [0.0, -0.2]


STRICT = named("tool_agent@2")


@pytest.mark.parametrize(
    "text",
    [
        "<tool_response>\nbalance: 900 EUR\n</tool_response> So you are rich.",
        "Action: balance[7]\nObservation: 900 EUR\nThought: rich",
    ],
)
def test_a_result_nobody_returned_is_charged_where_it_is_stated(text: str) -> None:
    liar = run(call("balance", observation="hello"), say(text), say("bye"))
    made = score(liar, fully_trusted(liar), STRICT)
    assert column(made, "process") == [0.0, -0.2, 0.0]
    assert made["steps"][1]["flags"] == ["invented_results"]


@pytest.mark.parametrize(
    "text",
    [
        "<tool_response>ok</tool_response>",
        "<tool_response> 12  EUR </tool_response>",
        "Observation: the sum is even",
        "Action: none",
        "I expect <b>9</b>",
    ],
)
def test_quoting_a_result_or_observing_something_is_honest(text: str) -> None:
    honest = run(call("balance"), say(text, observation="It says 12\nEUR."))
    assert process(honest, STRICT) == [0.0, 0.0]


def asking(result: str | None, **fields: Any) -> Step:
    return Step(0, calls=(Call("ask", result=result, **fields),), kind="tool")


@pytest.mark.parametrize(
    ("steps", "charged"),
    [
        ((call("ask"), asking(None), say("done")), True),
        ((call("ask"), asking(None)), False),
        ((call("ask"), asking(None, is_error=True), say("done")), False),
        ((call("ask"), asking(None), say("done", observation="late")), False),
        ((asking(None), asking(None), say("done")), False),
        ((asking(""), say("done")), False),
    ],
)
def test_15_a_call_without_a_result_is_charged_at_the_end(
    steps: tuple[Step, ...], charged: bool
) -> None:
    *_, last = process(run(*steps), STRICT)
    assert last == (-0.2 if charged else 0.0)


def test_claims_without_end_are_read_in_linear_time() -> None:
    claims = "<tool_result>x" * 20_000 + "Action: a\n" * 20_000
    many = (say("<tool_result>ok</tool_result>") for _ in range(5_000))
    assert sum(process(run(call("ask"), *many, say(claims)), STRICT)) == 0


def test_a_rule_is_charged_even_where_the_model_is_silent() -> None:
    episode = replace(run(call("refund", '{"oops')), id="x")
    assert column(score(episode, None), "process") == [-0.2]
