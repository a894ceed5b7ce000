"""Strict JSON: everything a database or a client would choke on is refused here."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import strictjson
from scoring.errors import UnreadableFile

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=30,
)


@given(plain)
def test_ordinary_json_is_read_as_everyone_reads_it(value: object) -> None:
    assert strictjson.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ('{"a": NaN}', "NaN is not JSON"),
        ("[-Infinity]", "-Infinity is not JSON"),
        ("1e999", "too large"),
        ("9" * 4000, "4000 digits"),
        ('{"a": 1, "a": 2}', "'a' appears twice"),
        ('"\\ud800"', "surrogate"),
        ('{"\\u0000": 1}', "NUL"),
        ('["a\\u0000b"]', "NUL"),
        ("[" * 65 + "]" * 65, "nested deeper"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper"),
        ('{"a":' * 100_000, "nested deeper"),
        ("", "not valid JSON"),
        ("{'a': 1}", "not valid JSON"),
        ("[1] 2", "not valid JSON"),
    ],
)
def test_what_would_break_a_later_layer_is_refused(
    document: str, complaint: str
) -> None:
    with pytest.raises(UnreadableFile, match=complaint):
        strictjson.loads(document, line=12)


def test_the_line_given_is_the_line_reported() -> None:
    with pytest.raises(UnreadableFile) as caught:
        strictjson.loads('{"a": NaN}', line=12)
    assert caught.value.line == 12


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert strictjson.loads('"\\ud83d\\ude00"') == "😀"


def test_sixty_four_levels_are_enough_for_anyone_and_allowed() -> None:
    assert strictjson.loads("[" * 64 + "]" * 64)


def test_a_value_is_read_from_the_middle_of_a_text() -> None:
    assert strictjson.decode_at('[1, {"a": "é"}]', 4) == ({"a": "é"}, 14)


@pytest.mark.parametrize("value", ["NaN", r'"\u0000"', '{"a": 1, "a": 2}', "9" * 31])
def test_a_value_in_the_middle_is_held_to_the_same_rules(value: str) -> None:
    with pytest.raises(UnreadableFile):
        strictjson.decode_at(f"[{value}]", 1)


def test_a_text_may_hold_a_bad_value_elsewhere() -> None:
    assert strictjson.decode_at(r'["a", "\u0000"]', 1) == ("a", 4)
