"""Whatever the bytes, nothing but the library's own errors ever leaves a reader."""

import json
import os

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scoring.formats import FORMATS
from tests.scoring.formats.examples import TEXTS, VALUES
from tests.scoring.formats.fuzz import campaign, seeds, survives

FORMAT_NAMES = [None, *TEXTS]
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


@given(st.binary(max_size=400), st.sampled_from(FORMAT_NAMES))
@example(b'"', None)
@example(b"\xff\xfe", None)
def test_arbitrary_bytes(data, name):
    survives(data, name)


@settings(max_examples=300)
@given(values, st.sampled_from(FORMAT_NAMES))
def test_arbitrary_json_under_every_reader(value, name):
    survives(json.dumps(value).encode(), name)


@settings(max_examples=400)
@given(st.sampled_from(list(TEXTS.values())), st.data())
def test_mutated_files(text, data):
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 30)))
        text = text[:start] + data.draw(st.sampled_from(GRAFTS)) + text[end:]
    survives(text.encode())


@settings(max_examples=400)
@given(st.sampled_from(list(VALUES)), st.data())
def test_files_with_one_value_of_another_type(name, data):
    copy = json.loads(TEXTS[name])
    node = copy
    while True:
        slots = list(node) if isinstance(node, dict) else list(range(len(node)))
        slot = data.draw(st.sampled_from(slots))
        deeper = isinstance(node[slot], dict | list) and node[slot]
        if not deeper or data.draw(st.booleans()):
            break
        node = node[slot]
    node[slot] = data.draw(values)
    survives(json.dumps(copy).encode())


def test_files_cut_anywhere():
    for text in TEXTS.values():
        for end in range(0, len(text), 29):
            survives(text[:end].encode())


def test_a_slice_of_the_campaign():
    seconds = float(os.environ.get("PACENOTE_FUZZ_SECONDS", "2"))
    outcomes = campaign(seeds(), seed=1, inputs=1_000_000, seconds=seconds)
    assert {*outcomes} == {"episodes", "nothing", "refused"}
