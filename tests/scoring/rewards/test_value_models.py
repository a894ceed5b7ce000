"""`process.aggregate: last`, for reward models whose q is a value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rewards import DEFAULT, Signals, Spec, combine, combine_many, edited
from scoring.rewards.formulas import formulas
from tests.scoring.rewards.cases import PROVEN, anything, column

LAST = edited(DEFAULT, {"/version": "2.0.0", "/components/process/aggregate": "last"})


def levels(signals: Signals) -> list[float]:
    """What each prefix has come to, by the definition: the newest known q."""
    found, level = [], 0.0
    for q in signals.q:
        level = level if q is None else 0.2 * (min(q, 0.5) / 0.5 - 1)
        found.append(level)
    return found


def test_a_value_that_comes_back_gives_back_what_it_cost() -> None:
    signals = Signals("e", (0.5, 0.1, None, 0.4), final=1.0)
    assert column(combine(signals, LAST), "process") == pytest.approx(
        [0, -0.16, 0, 0.12]
    )
    assert column(combine(signals), "process") == pytest.approx([0, -0.16, 0, 0])


def test_nothing_known_costs_nothing() -> None:
    signals = Signals("e", (None, None, 0.25), final=1.0)
    assert column(combine(signals, LAST), "process") == pytest.approx([0, 0, -0.1])


@PROVEN
@given(st.lists(anything, min_size=1, max_size=4))
def test_a_column_is_the_increments_of_the_newest_value(batch: list[Signals]) -> None:
    for signals, score in zip(batch, combine_many(batch, LAST), strict=True):
        cells = column(score, "process")
        assert np.cumsum(cells) == pytest.approx(levels(signals), abs=1e-12)
        assert -0.2 - 1e-12 <= sum(cells) <= 1e-12


def test_padding_pays_a_value_where_it_does_not_pay_the_minimum() -> None:
    """The price of `last`, and why correctness labels don't use it."""
    bad, padded = Signals("e", (0.1,), final=0.0), Signals("e", (0.1, 0.9), final=0.0)
    assert combine(padded, LAST)["total"] > combine(bad, LAST)["total"]
    assert combine(padded)["total"] == combine(bad)["total"]


def test_the_formula_says_so() -> None:
    score = combine(Signals("e", (0.1, 0.4), final=1.0), LAST)
    assert "newest: min(0.4, 0.5) / 0.5" in formulas(score, LAST)[1]["process"]


def test_the_choice_is_part_of_the_hash_and_absent_where_nobody_made_it() -> None:
    assert LAST.sha256 != DEFAULT.sha256
    assert "aggregate" not in DEFAULT.to_dict()["components"]["process"]
    assert Spec.from_dict(LAST.to_dict()) == LAST
