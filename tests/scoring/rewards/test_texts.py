"""Specs as text: both ways, and what is refused where."""

import json

import pytest

from scoring.errors import InvalidSpec
from scoring.rewards import built_in
from scoring.rewards.spec import Spec
from scoring.rewards.texts import MAX_CHARACTERS, read, write

TEXT = write(built_in()[0])


@pytest.mark.parametrize("spec", built_in(), ids=lambda spec: spec.id)
def test_a_spec_survives_its_text(spec: Spec) -> None:
    assert read(write(spec)) == read(json.dumps(spec.to_dict())) == spec


@pytest.mark.parametrize(
    ("text", "pointer", "line"),
    [
        ("id: [", None, 1),
        ("id: a\nid: b", None, 2),
        ("1: a", None, None),
        ("a: &x [1]\nb: *x", None, 2),
        ("? [a]\n: b", None, 1),
        ('{"id": 1, "id": 2}', None, None),
        ("a: 2026-99-99", None, None),
        ("\x00", None, None),
        ("[" * 9_000, None, None),
        ("", "", None),
        ("- a", "", None),
        (TEXT.replace("eta: 0.5", "eta: 7"), "/components/process/eta", None),
        (TEXT.replace("eta: 0.5", "eta: .nan"), "/components/process/eta", None),
        ("a" * (MAX_CHARACTERS + 1), None, None),
    ],
)
def test_a_text_that_is_no_spec_is_refused_with_its_place(
    text: str, pointer: str | None, line: int | None
) -> None:
    with pytest.raises(InvalidSpec) as refused:
        read(text)

    if pointer is not None:
        assert refused.value.pointer == pointer
    if line is not None:
        assert refused.value.line == line
