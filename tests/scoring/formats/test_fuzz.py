"""Whatever the bytes, nothing but the library's own errors ever leaves a reader."""

import json
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring.errors import ScoringError
from scoring.formats import FORMATS, RowError, read
from scoring.schema import Episode
from tests.scoring.formats.test_openai_chat import MESSAGES
from tests.scoring.formats.test_react import LANGCHAIN, LOG

FORMAT_NAMES = [None, *(format.name for format in FORMATS)]
RUN = {"traj": MESSAGES, "reward": True}
CELL = {"outputs": [{"output_type": "stream", "text": [LOG]}]}
SEEDS = [
    json.dumps(MESSAGES),
    json.dumps({"messages": MESSAGES, "reward": 1.0, "id": 3}) + "\n",
    json.dumps({"request": {"messages": MESSAGES}, "response": {"choices": [{}]}}),
    json.dumps(
        {"task": "t", "steps": [{"text": "a", "calls": [{"name": "f"}]}]}, indent=1
    ),
    json.dumps({"7": RUN, "8": RUN}),
    json.dumps({"cells": [CELL], "nbformat": 4}),
    LOG,
    LANGCHAIN,
]
# tokens that lead a mutation to other branches than random bytes do
GRAFTS = [
    "null",
    "[]",
    "{}",
    '"x"',
    "-1",
    "1e400",
    "true",
    '"\\ud800"',
    "NaN",
    "\n",
    "]",
]
KEYS = sorted({key for format in FORMATS for keys in format.needs for key in keys})

leaves = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
keys = st.sampled_from(
    [*KEYS, "calls", "tool_calls", "function", "name", "type", "text"]
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6)
    ),
    max_leaves=24,
)


def survives(data: bytes, name: str | None = None) -> None:
    try:
        for result in read(BytesIO(data), format=name):
            assert isinstance(result, Episode | RowError)
            if isinstance(result, Episode):
                assert Episode.from_dict(result.to_dict()) == result
    except ScoringError:
        pass


@given(st.binary(max_size=400), st.sampled_from(FORMAT_NAMES))
@example(b'"', None)
@example(b"\xff\xfe", None)
def test_arbitrary_bytes(data, name):
    survives(data, name)


@settings(max_examples=300)
@given(values, st.sampled_from(FORMAT_NAMES))
def test_arbitrary_json_under_every_reader(value, name):
    survives(json.dumps(value).encode(), name)


@pytest.mark.parametrize("seed", SEEDS)
@given(st.data())
def test_mutated_files(seed, data):
    text = seed
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        text = text[:start] + data.draw(st.sampled_from(GRAFTS)) + text[end:]
    survives(text.encode())


@pytest.mark.parametrize("seed", SEEDS)
def test_files_cut_anywhere(seed):
    for end in range(0, len(seed), 7):
        survives(seed[:end].encode())


@pytest.mark.parametrize("seed", [json.loads(seed) for seed in SEEDS[:6]])
@given(st.data())
def test_valid_files_with_one_value_of_another_type(seed, data):
    copy = json.loads(json.dumps(seed))
    node = copy
    while True:
        slots = list(node) if isinstance(node, dict) else range(len(node))
        slot = data.draw(st.sampled_from(list(slots)))
        deeper = isinstance(node[slot], dict | list) and node[slot]
        if not deeper or data.draw(st.booleans()):
            break
        node = node[slot]
    node[slot] = data.draw(values)
    survives(json.dumps(copy).encode())
