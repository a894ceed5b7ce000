"""Episodes as data: what comes in, comes out; what is wrong, is named and placed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.errors import InvalidEpisode
from scoring.schema import KINDS, Call, Episode, Outcome, Prediction, Step, Tokens

text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
number = st.none() | st.floats(-1e9, 1e9)
calls = st.builds(
    Call,
    name=text.filter(bool),
    arguments=st.dictionaries(text, st.integers() | text) | text,
    id=st.none() | text,
    result=st.none() | text,
    is_error=st.booleans(),
)
steps = st.builds(
    dict,
    text=text.filter(bool),
    thought=text,
    observation=text,
    calls=st.lists(calls, max_size=3).map(tuple),
    agent=text,
    kind=st.sampled_from(KINDS),
    reward=number,
    tokens=st.none() | st.builds(Tokens, st.integers(0, 9999), st.none()),
    cost=number,
    error=st.none() | text,
)
episodes = st.builds(
    Episode,
    task=text.filter(bool),
    steps=st.lists(steps, min_size=1, max_size=5).map(
        lambda rows: tuple(Step(index=i, **row) for i, row in enumerate(rows))
    ),
    id=text,
    outcome=st.builds(Outcome, st.none() | st.booleans(), st.none() | st.floats(0, 1)),
    ended=st.sampled_from(["terminated", "truncated"]),
    gamma=st.none() | st.floats(0, 1),
)


@given(episodes)
def test_an_episode_survives_a_round_trip_through_json(episode: Episode) -> None:
    assert Episode.from_dict(json.loads(json.dumps(episode.to_dict()))) == episode


def test_only_a_task_and_one_spoken_step_are_required() -> None:
    episode = Episode.from_dict({"task": "greet", "steps": [{"text": "hello"}]})
    assert episode.steps[0].kind == "message"
    assert episode.outcome == Outcome(None, None, None, None)
    assert episode.ended == "terminated"


def wrong(path: str, value: Any) -> dict[str, Any]:
    """A small valid episode with `value` put at the JSON pointer `path`."""
    call = {"name": "look", "arguments": {}}
    body: Any = {"task": "t", "steps": [{"text": "a", "calls": [call]}]}
    body |= {"outcome": {}}
    *parents, key = path.strip("/").split("/")
    target = body
    for parent in parents:
        target = target[int(parent)] if isinstance(target, list) else target[parent]
    target[key] = value
    return body  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/format", "pacenote/episode@9"),
        ("/task", ""),
        ("/task", 7),
        ("/steps", []),
        ("/steps", {}),
        ("/steps/0/text", ["a"]),
        ("/steps/0/index", 3),
        ("/steps/0/kind", "dance"),
        ("/steps/0/reward", True),
        ("/steps/0/reward", float("nan")),
        ("/steps/0/cost", 1e300),
        ("/steps/0/cost", 10**400),
        ("/steps/0/tokens", []),
        ("/steps/0/calls/0/name", ""),
        ("/steps/0/calls/0/is_error", "no"),
        ("/outcome/success", 1),
        ("/outcome/score", 1.5),
        ("/ended", "crashed"),
        ("/ended", ["terminated"]),
        ("/gamma", 2),
        ("/meta", [1]),
    ],
)
def test_what_is_wrong_is_named_by_its_pointer(pointer: str, value: Any) -> None:
    with pytest.raises(InvalidEpisode) as caught:
        Episode.from_dict(wrong(pointer, value))
    assert caught.value.pointer == pointer


def test_a_field_nobody_knows_is_refused_not_dropped() -> None:
    with pytest.raises(InvalidEpisode, match="unknown field 'verdict'"):
        Episode.from_dict(wrong("/steps/0/verdict", 1))


@pytest.mark.parametrize("body", [None, 3, "x", [], True])
def test_only_an_object_is_an_episode(body: Any) -> None:
    with pytest.raises(InvalidEpisode, match="expected an object"):
        Episode.from_dict(body)


def test_runs_of_one_task_share_a_group_whatever_their_spacing_and_case() -> None:
    first, second = (
        Episode.from_dict({"task": task, "steps": [{"text": "a"}]})
        for task in ("Find  the Order", "find the order ")
    )
    assert first.group() == second.group()
    assert first.content_hash() != second.content_hash()


def test_a_score_counts_before_success_and_nothing_is_unknown() -> None:
    assert Outcome(True, 0.4).value == 0.4
    assert Outcome(False).value == 0.0
    assert Outcome().value is None


def test_a_prediction_survives_the_trip_to_another_process() -> None:
    prediction = Prediction(
        q=(0.5, None),
        q_std=(0.1, None),
        verdicts=((0.2, 0.3, 0.5), None),
        value=(None, None),
        tokens=7,
        truncation={"dropped_tokens": 3},
    )
    again = Prediction.from_dict(json.loads(json.dumps(prediction.to_dict())))
    assert again == prediction
