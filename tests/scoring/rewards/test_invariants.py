"""What the combined reward guarantees, proven on random episodes.

The numbers are the invariants of docs/rewards.md; those of returns and groups are in
test_group_invariants.py.
"""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.errors import InvalidSignals
from scoring.rewards import (
    DEFAULT,
    FAMILIES,
    Signals,
    Spec,
    combine,
    combine_many,
    named,
)
from tests.scoring.rewards.cases import (
    PROVEN,
    anything,
    as_failure,
    as_success,
    cells,
    charge,
    safe,
    unit,
    unsafe,
)

MARGIN = DEFAULT.margin()
NEAR = 1e-9
RLHF = named("rlhf_t1@1")


@PROVEN
@given(anything)
def test_1_cells_sum_to_the_total(signals: Signals) -> None:
    score = combine(signals)
    families = sum(family["weighted"] for family in score["families"].values())
    assert abs(sum(map(sum, cells(score))) - score["total"]) < NEAR
    assert abs(families + score["gate"]["penalty"] - score["total"]) < NEAR


@PROVEN
@given(safe, unsafe)
def test_2_totals_are_bounded_whatever_the_length(
    fine: Signals, harmful: Signals
) -> None:
    low, high = MARGIN.safe
    assert low - NEAR <= combine(fine)["total"] <= high + NEAR
    low, high = MARGIN.unsafe
    assert low - NEAR <= combine(harmful)["total"] <= high + NEAR


@PROVEN
@given(safe, safe, unsafe)
def test_3_success_beats_failure_and_safe_beats_unsafe(
    one: Signals, other: Signals, harmful: Signals
) -> None:
    success, failure = combine(as_success(one)), combine(as_failure(other))
    assert success["total"] - failure["total"] >= MARGIN.dominance - NEAR
    assert failure["total"] - combine(harmful)["total"] >= MARGIN.separation - NEAR


@PROVEN
@given(safe, st.integers(0, 7), unit, st.sampled_from(["final", "social", "q", "aux"]))
def test_4_better_signals_never_earn_less(
    signals: Signals, step: int, up: float, name: str
) -> None:
    before = getattr(signals, name)
    if before is None:
        return
    if isinstance(before, tuple):
        at = step % len(before)
        top = 0.0 if name == "aux" else 1.0
        old = 1.0 if before[at] is None else before[at]
        after = (*before[:at], old + up * (top - old), *before[at + 1 :])
    else:
        after = before + up * (1 - before)
    better = replace(signals, **{name: after})
    assert combine(better)["total"] >= combine(signals)["total"] - NEAR


@PROVEN
@given(unsafe, st.integers(0, 7), unit)
def test_4_harm_never_pays(signals: Signals, step: int, probability: float) -> None:
    at = step % len(signals.q)
    harm = tuple(probability if t == at else 0.0 for t in range(len(signals.q)))
    calm, harmed = replace(signals, violations=()), replace(signals, harm=harm)
    assert combine(harmed)["total"] <= combine(calm)["total"]


@PROVEN
@given(anything, anything, st.integers(0, 7))
def test_5_what_follows_a_step_cannot_change_its_reward(
    signals: Signals, tail: Signals, keep: int
) -> None:
    kept = 1 + keep % len(signals.q)
    early = tuple(v for v in signals.violations or () if v < kept)
    edited = replace(
        signals,
        q=signals.q[:kept] + tail.q,
        aux=(*(signals.aux or ())[:kept], *(tail.aux or ())),
        violations=early,
    )
    before, after = cells(combine(signals)), cells(combine(edited))
    # the terminal columns, final (0) and social (3), belong to the last step
    for t in range(kept):
        assert [before[t][c] for c in (1, 2, 4)] == [after[t][c] for c in (1, 2, 4)]


@PROVEN
@given(anything, st.integers(0, 7), st.integers(1, 20), unit)
def test_6_padding_moves_the_total_by_exactly_nothing(
    signals: Signals, place: int, copies: int, lift: float
) -> None:
    at = 1 + place % len(signals.q)
    level = min([0.5, *(q for q in signals.q[:at] if q is not None)])
    aux = signals.aux or ()
    padded = replace(
        signals,
        q=signals.q[:at] + (level + lift * (1 - level),) * copies + signals.q[at:],
        aux=aux[:at] + (min(aux[:at]),) * copies + aux[at:],
        violations=tuple(v + copies * (v >= at) for v in signals.violations or ()),
    )
    assert combine(padded)["total"] == combine(signals)["total"]


@PROVEN
@given(st.none() | unit, charge, unit, unit)
def test_9_one_step_is_the_reward_model_of_rlhf(
    q: float | None, aux: float, f: float, preference: float
) -> None:
    answer = Signals("a", (q,), aux=(aux,), final=f, social=preference)
    score = combine(answer)
    assert abs(sum(cells(score)[0]) - score["total"]) < NEAR
    rlhf = combine(answer, RLHF)
    assert abs(rlhf["total"] - (2 * preference - 1)) < NEAR


@PROVEN
@given(anything, anything, anything)
def test_11_a_row_is_bit_equal_alone_and_in_any_batch(
    a: Signals, b: Signals, c: Signals
) -> None:
    batch = [a, b, c]
    alone = [json.dumps(combine(signals)) for signals in batch]
    assert [json.dumps(score) for score in combine_many(batch)] == alone
    backwards = combine_many(batch[::-1])
    assert [json.dumps(score) for score in backwards] == alone[::-1]


def _reweighted(family: str, weight: float) -> tuple[Spec, Spec]:
    """A spec with another weight, read twice."""
    data = DEFAULT.to_dict()
    data["components"][family]["weight"] = weight
    return Spec.from_dict(data), Spec.from_dict(json.loads(json.dumps(data)))


REWEIGHTED = [_reweighted(f, w / 8) for f in FAMILIES for w in range(1, 9)]


@PROVEN
@given(anything, st.sampled_from(REWEIGHTED))
def test_12_the_same_hash_gives_the_same_score_and_other_numbers_another_hash(
    signals: Signals, specs: tuple[Spec, Spec]
) -> None:
    changed, again = specs
    assert combine(signals, changed) == combine(signals, again)
    assert changed.sha256 == again.sha256 != DEFAULT.sha256


@PROVEN
@given(anything)
def test_13_a_missing_outcome_is_no_failure(signals: Signals) -> None:
    unknown = combine(replace(signals, final=None))
    assert unknown["total"] is None
    assert not unknown["valid"]
    assert unknown["reasons"] == ["final_missing"]
    known = combine(signals)
    for before, after in zip(cells(known), cells(unknown), strict=True):
        assert before[1:] == after[1:]


@PROVEN
@given(
    safe,
    st.sampled_from(["q", "value", "aux", "harm", "final", "social"]),
    st.sampled_from([float("nan"), float("inf"), -float("inf"), 1.5, -1.5, True, "1"]),
)
def test_14_what_is_no_number_in_range_is_refused(
    signals: Signals, name: str, bad: object
) -> None:
    whole = name in ("final", "social")
    value = bad if whole else [bad] * len(signals.q)
    row = {"id": "e", "q": list(signals.q), name: value}
    with pytest.raises(InvalidSignals) as error:
        Signals.from_dict(row)
    assert error.value.pointer == (f"/{name}" if whole else f"/{name}/0")
