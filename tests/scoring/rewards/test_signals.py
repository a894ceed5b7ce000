"""Signals of a stranger's reward model: taken exactly, or refused with the place."""

from typing import Any

import pytest

from scoring.errors import InvalidSignals
from scoring.rewards import Signals, combine, combine_many

ROW: dict[str, Any] = {
    "id": "e1",
    "q": [0.9, None, 0.2],
    "value": [0.5, None, 0.4],
    "final": 1,
    "social": None,
    "aux": [0, -0.1, -0.1],
    "harm": [0, 0.9, 0.1],
    "violations": [2],
    "ended": "truncated",
}


def test_a_full_row_is_combined() -> None:
    score = combine(Signals.from_dict(ROW))
    assert [step["value"] for step in score["steps"]] == [0.5, None, 0.4]
    assert score["steps"][1]["flags"] == ["carry_forward"]
    gate = [step["rewards"]["gate"] for step in score["steps"]]
    assert gate == [0.0, -2.2, 0.0]
    rules = [(v["rule"], v["step"]) for v in score["gate"]["violations"]]
    assert rules == [("harm", 1), ("stated", 2)]


def test_nothing_but_q_is_needed() -> None:
    score = combine(Signals.from_dict({"q": [0.1]}))
    assert (score["episode"], score["total"]) == ("", None)
    assert score["steps"][0]["rewards"]["process"] == pytest.approx(-0.16)


def test_no_episodes_are_no_scores() -> None:
    assert combine_many([]) == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"q": []}, "/q"),
        ({"q": None}, "/q"),
        ({"q": "0.5"}, "/q"),
        ({"q": [0.5, 10**400, 0.1]}, "/q/1"),
        ({"value": [0.5]}, "/value"),
        ({"aux": [0, 0.1, 0]}, "/aux/1"),
        ({"aux": [0, None, 0]}, "/aux/1"),
        ({"harm": [0, 0, 2]}, "/harm/2"),
        ({"violations": [3]}, "/violations/0"),
        ({"violations": [True]}, "/violations/0"),
        ({"violations": 1}, "/violations"),
        ({"violations": ""}, "/violations"),
        ({"final": [1]}, "/final"),
        ({"id": 7}, "/id"),
        ({"corrections": [[2, 2]]}, "/corrections/0"),
        ({"corrections": [[2, 3]]}, "/corrections/0"),
        ({"corrections": [[2, 0, 1]]}, "/corrections/0"),
        ({"corrections": [2]}, "/corrections/0"),
        ({"corrections": [[1, 0], [2, 0]]}, "/corrections"),
        ({"corrections": {}}, "/corrections"),
        ({"ended": "crashed"}, "/ended"),
        ({"ended": []}, "/ended"),
        ({"quality": 1}, ""),
    ],
)
def test_a_wrong_field_is_refused_with_its_pointer(
    change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidSignals) as error:
        Signals.from_dict({**ROW, **change})
    assert error.value.pointer == pointer


@pytest.mark.parametrize("data", [None, [], "q", {"id": "e"}])
def test_what_are_no_signals_is_refused(data: Any) -> None:
    with pytest.raises(InvalidSignals):
        Signals.from_dict(data)
