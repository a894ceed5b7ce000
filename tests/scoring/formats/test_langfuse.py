import json
from io import BytesIO

import pytest

from scoring.errors import UnknownFormat
from scoring.formats import open_file, read
from scoring.schema import Outcome, Tokens


def observation(id, type, parent, second, given, gave, **more):
    times = {"startTime": f"2026-03-01T08:00:0{second}.000Z", "endTime": None}
    ids = {"id": id, "traceId": "t", "parentObservationId": parent, "type": type}
    return {**ids, **times, "name": id, "input": given, "output": gave, **more}


ASKED = [{"role": "user", "content": "Any sardines?"}]
CALL = {"id": "c", "type": "function", "function": {"name": "stock", "arguments": "{}"}}
OBSERVATIONS = [
    observation("shop", "AGENT", None, 0, None, None),
    observation(
        "first",
        "GENERATION",
        "shop",
        1,
        # both may be JSON inside text
        json.dumps(ASKED),
        json.dumps({"role": "assistant", "content": "", "tool_calls": [CALL]}),
        model="m",
        usageDetails={"input": 4, "output": 2},
        totalCost=0.01,
    ),
    observation("stock", "TOOL", "shop", 2, {}, "twelve"),
    observation("last", "GENERATION", "shop", 3, ASKED, "Twelve of them."),
]
TRACE = {
    "trace": {"id": "t", "name": "market", "input": "Any sardines?", "scores": []},
    "observations": OBSERVATIONS,
}


def one(value):
    [episode] = read(BytesIO(json.dumps(value).encode()))
    return episode


def test_generations_are_steps_and_tools_their_calls():
    episode = one(TRACE)
    first, last = episode.steps
    assert (episode.id, episode.agent, episode.model) == ("t", "market", "m")
    assert (first.agent, first.tokens, first.cost) == ("shop", Tokens(4, 2), 0.01)
    assert (first.calls[0].name, first.calls[0].result) == ("stock", "twelve")
    assert last.text == "Twelve of them."


def test_observations_exported_as_rows_are_the_same_run():
    rows = "\n".join(json.dumps(row) for row in OBSERVATIONS)
    reading = open_file(BytesIO(rows.encode()))
    [episode] = reading.episodes
    assert reading.format.name == "langfuse_observations"
    assert [step.text for step in episode.steps] == ["", "Twelve of them."]


@pytest.mark.parametrize(
    ("score", "outcome"),
    [
        ({"name": "correctness", "value": 0.5}, Outcome(score=0.5)),
        ({"name": "success", "value": True}, Outcome(success=True)),
        ({"name": "toxicity", "value": 0.9}, Outcome()),
        ({"name": "correctness", "value": 1, "observationId": "first"}, Outcome()),
    ],
)
def test_only_a_score_of_the_whole_run_that_grades_it_is_its_outcome(score, outcome):
    episode = one({**TRACE, "trace": {**TRACE["trace"], "scores": [score]}})
    assert episode.outcome == outcome
    assert episode.meta["columns"]["scores"] == [score]


def test_a_call_that_wraps_another_is_told_once():
    outer = observation("outer", "GENERATION", "shop", 1, ASKED, "Twelve.")
    inner = {**outer, "id": "inner", "parentObservationId": "outer"}
    episode = one({**TRACE, "observations": [OBSERVATIONS[0], outer, inner]})
    assert [step.raw_ref for step in episode.steps] == ["inner"]


def test_normalised_messages_are_named():
    messages = {"8f1": {"input": {"success": True, "data": ASKED}, "output": {}}}
    with pytest.raises(UnknownFormat, match="Langfuse's normalised messages"):
        read(BytesIO(json.dumps(messages).encode()))
