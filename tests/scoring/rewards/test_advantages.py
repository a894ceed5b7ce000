"""Groups of Scores: who counts, who is left out, and what each step gets."""

from typing import Any

import pytest

from scoring.errors import InvalidSignals
from scoring.rewards import DEFAULT, METHODS, Signals, advantages, combine
from scoring.rewards.groups import degenerate, gdpo, grpo, rloo


def rollout(f: float | None, q: tuple[float, ...] = (0.9, 0.9)) -> dict[str, Any]:
    return combine(Signals(f"f{f}", q, final=f))


@pytest.mark.parametrize("method", ["grpo", "rloo", "dr_grpo", "gdpo"])
def test_every_step_of_a_rollout_gets_its_outcome_advantage(method: str) -> None:
    group = [rollout(1.0), rollout(0.0, (0.9,)), rollout(0.0)]
    rows = advantages(group, method, DEFAULT)["episodes"]
    assert [len(row["advantages"]) for row in rows] == [2, 1, 2]
    assert len(set(rows[0]["advantages"])) == 1
    assert rows[0]["advantages"][0] > 0 > rows[1]["advantages"][0]


def test_process_advantages_tell_steps_apart() -> None:
    group = [rollout(0.0, (0.1, 0.9)), rollout(0.0, (0.9, 0.9))]
    first, second = advantages(group, "process", DEFAULT)["episodes"]
    before, after = first["advantages"]
    assert before < after == pytest.approx(second["advantages"][1])


@pytest.mark.parametrize("method", METHODS)
def test_13_an_abstained_rollout_is_left_out_with_its_reason(method: str) -> None:
    group = [rollout(1.0), rollout(None), rollout(0.0)]
    made = advantages(group, method, DEFAULT)
    assert made["episodes"][1] == {
        "episode": "fNone",
        "advantages": None,
        "reasons": ["final_missing"],
    }
    without = advantages([group[0], group[2]], method, DEFAULT)
    assert [made["episodes"][0], made["episodes"][2]] == without["episodes"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("group", [[], [1.0], [None, None], [0.5, 0.5, None]])
def test_a_group_without_contrast_is_flagged_and_all_zero(
    method: str, group: list[float | None]
) -> None:
    made = advantages([rollout(f) for f in group], method, DEFAULT)
    known = [row["advantages"] for row in made["episodes"] if row["advantages"]]
    assert made["degenerate"]
    assert all(value == 0 for row in known for value in row)


def test_steps_that_differ_in_a_group_of_equal_totals_do_not_explode() -> None:
    late, early = rollout(1.0, (0.9, 0.1)), rollout(1.0, (0.1, 0.9))
    made = advantages([late, early], "process", DEFAULT)
    assert [row["advantages"] for row in made["episodes"]] == [[0, 0], [0, 0]]


def test_gdpo_as_offered_keeps_a_failure_below_a_costly_success() -> None:
    costly = [combine(Signals("s", (0.0,), aux=(-1.0,), final=1.0)) for _ in range(3)]
    cheap = combine(Signals("f", (0.9,), aux=(0.0,), final=0.0))
    rows = advantages([*costly, cheap], "gdpo", DEFAULT)["episodes"]
    assert rows[0]["advantages"][0] > 1e-3 > -1e-3 > rows[3]["advantages"][0]


def test_gdpo_blows_up_a_trifle() -> None:
    trifle = [[1, 0], [1, -0.01], [1, -0.01], [1, 0]]
    assert list(gdpo(trifle, [1, 1])) == pytest.approx(
        [0.865, -0.865, -0.865, 0.865], abs=1e-3
    )


def test_a_huge_penalty_would_flatten_success_and_failure() -> None:
    def gap(penalty: float) -> float:
        group = [0.6, -0.6, 0.6, -0.6, 0.6, -0.6, 0.6, -0.6 - penalty]
        values = grpo(group)
        return float(values[0] - values[1])

    assert gap(2.2) > 1.0
    assert gap(100) < 0.05


def test_leave_one_out_is_the_centred_form_scaled() -> None:
    totals = [0.6, -0.5, 0.1, 0.3]
    others = [sum(totals) - own for own in totals]
    expected = [own - rest / 3 for own, rest in zip(totals, others, strict=True)]
    assert list(rloo(totals)) == pytest.approx(expected)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InvalidSignals):
        advantages([rollout(1.0)], "ppo", DEFAULT)


def test_one_rollout_is_no_group() -> None:
    assert degenerate([0.3])
