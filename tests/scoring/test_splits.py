"""Data sets are split by task."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.splits import by_group


@given(st.lists(st.text(), min_size=3, unique=True), st.integers(0, 99))
def test_every_side_gets_a_task_even_from_three(groups: list[str], seed: int) -> None:
    sides = by_group(groups, seed)
    assert set(sides) == set(groups)
    assert set(sides.values()) == {"train", "calibration", "test"}


def test_the_split_depends_on_the_set_and_the_seed_not_on_the_order() -> None:
    groups = [f"task {i}" for i in range(50)]
    assert by_group(groups, 1) == by_group(reversed(groups), 1)
    assert by_group(groups, 1) != by_group(groups, 2)


def test_the_shares_are_about_two_thirds_a_seventh_and_a_fifth() -> None:
    counts = Counter(by_group(map(str, range(10_000))).values())
    shares = [counts[side] / 10_000 for side in ("train", "calibration", "test")]
    assert shares == pytest.approx([0.65, 0.15, 0.20], abs=0.015)


def test_a_task_keeps_its_side_as_the_data_set_grows() -> None:
    few = by_group(map(str, range(100)))
    many = by_group(map(str, range(200)))
    assert few == {group: many[group] for group in few}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_tasks_are_no_error_here(count: int) -> None:
    assert len(by_group(map(str, range(count)))) == count
