import json
from dataclasses import replace
from datetime import UTC
from io import BytesIO

from atif.trajectory import Trajectory
from hypothesis import given
from hypothesis import strategies as st

from scoring.exports import EXPORTS, Labelled
from scoring.formats import open_file
from scoring.schema import KINDS, Call, Episode, Outcome, Step, Tokens

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
some = words.filter(bool)
numbers = st.none() | st.floats(-1e9, 1e9)
counts = st.integers(0, 2**40)


@st.composite
def steps(draw, index):
    n = draw(st.integers(0, 3))
    results = draw(st.lists(st.none() | words, min_size=n, max_size=n))
    calls = [
        Call(
            name=draw(some),
            arguments=draw(st.dictionaries(words, counts | words, max_size=2)),
            id=f"{index}-{i}",
            result=result,
            # only what came back can be an error
            is_error=result is not None and draw(st.booleans()),
        )
        for i, result in enumerate(results)
    ]
    return Step(
        index=index,
        kind=draw(st.sampled_from(KINDS)),
        text=draw(words) if calls else draw(some),
        thought=draw(words),
        observation=draw(words),
        calls=tuple(calls),
        agent=draw(words),
        reward=draw(numbers),
        tokens=draw(st.none() | st.builds(Tokens, counts, counts)),
        cost=draw(numbers),
        started_at=draw(st.none() | some),
        ended_at=draw(st.none() | some),
        error=draw(st.none() | some),
    )


@st.composite
def episodes(draw):
    n = draw(st.integers(1, 4))
    return Episode(
        task=draw(some),
        steps=tuple(draw(steps(i)) for i in range(n)),
        id=draw(some),
        system=draw(words),
        agent=draw(words),
        model=draw(words),
        outcome=Outcome(
            answer=draw(st.none() | some), score=draw(st.none() | st.just(0.5))
        ),
        ended=draw(st.sampled_from(["terminated", "truncated"])),
    )


def exported(episode, verdicts=None, **options):
    labelled = Labelled(episode, verdicts or (None,) * len(episode.steps))
    [line] = EXPORTS["atif"]([labelled], **options)
    return line


@given(episodes())
def test_an_episode_comes_back_as_it_was(episode):
    reading = open_file(BytesIO(exported(episode).encode()))
    [back] = reading.episodes
    assert reading.format.name == "atif"
    # a place in the file is of that file
    same = [replace(step, raw_ref=None) for step in back.steps]
    assert replace(back, steps=tuple(same), meta={}) == episode


@given(episodes(), st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_atif_by_the_standards_own_library(episode, time):
    # ATIF takes no other times than those of ISO 8601
    steps = tuple(
        replace(step, started_at=time.isoformat(), cost=0.5) for step in episode.steps
    )
    written = exported(replace(episode, steps=steps))
    checked = Trajectory.model_validate_json(written)
    assert len(checked.steps) >= len(steps)


def test_verdicts_follow_the_policy():
    episode = Episode("t", tuple(Step(i, text="x") for i in range(3)))
    row = json.loads(exported(episode, (1, -1, None), policy="all_later"))
    judged = [step["extra"]["verdict"] for step in row["steps"][1:]]
    assert judged == [1, -1, -1]


def test_what_atif_cannot_hold_is_made_to_fit():
    calls = (Call("say", "plain text", "a"), Call("wait", None, "a"))
    row = json.loads(exported(Episode("t", (Step(0, calls=calls),))))
    first, second = row["steps"][1]["tool_calls"]
    assert (first["arguments"], second["arguments"]) == ({"input": "plain text"}, {})
    assert first["tool_call_id"] != second["tool_call_id"]
    assert [step["step_id"] for step in row["steps"]] == [1, 2]
