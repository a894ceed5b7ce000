"""Two specs side by side."""

import pytest

from scoring.errors import InvalidSpec
from scoring.rewards import DEFAULT, Change, changes, edited, named

ETA = "/components/process/eta"


def test_an_edit_is_the_only_change() -> None:
    newer = edited(DEFAULT, {ETA: 0.4, "/version": "2.0.0"})

    assert changes(DEFAULT, newer) == [Change(ETA, 0.5, 0.4)]
    assert changes(DEFAULT, DEFAULT) == []


def test_a_list_is_one_value() -> None:
    found = {change.pointer for change in changes(DEFAULT, named("safety_first"))}

    assert "/components/final/sources" in found


def test_an_impossible_value_is_refused_with_its_pointer() -> None:
    with pytest.raises(InvalidSpec) as refused:
        edited(DEFAULT, {ETA: 0})

    assert refused.value.pointer == ETA
