"""Recovery credit: off by default, bounded, and never worth an error."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.rewards import DEFAULT, Signals, Spec, combine, score
from tests.scoring.rewards.cases import PROVEN, call, column, run, safe, unit

NEAR = 1e-9


def forgiving(eta: float = 0.5) -> Spec:
    data = DEFAULT.to_dict()
    data["version"] = "2.0.0"
    data["components"]["process"] |= {"eta": eta, "recovery": 0.5}
    return Spec.from_dict(data)


SPEC = forgiving()
pairs = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3)


def corrected(signals: Signals, drawn: list[tuple[int, int]]) -> Signals:
    size = len(signals.q)
    events = {j % size: t % size for t, j in drawn if j % size < t % size}
    return replace(signals, corrections=tuple((t, j) for j, t in events.items()))


def test_a_correction_gives_half_of_the_charge_back() -> None:
    signals = Signals("e", (0.9, 0.2, 0.8), final=1.0, corrections=((2, 1),))
    given_back = column(combine(signals, SPEC), "process")
    assert given_back == pytest.approx([0, -0.12, 0.06])
    assert column(combine(signals), "process") == pytest.approx([0, -0.12, 0])


def test_an_episode_may_name_its_corrections_too() -> None:
    spoiled = run(call("refund", '{"oops'), call("refund", {"order": 7}))
    made = score(spoiled, None, SPEC, corrections=[(1, 0)])
    assert column(made, "process") == pytest.approx([-0.2, 0.1])


@PROVEN
@given(safe, pairs, st.integers(0, 9))
def test_recovery_is_bounded_and_consistent_with_its_prefix(
    signals: Signals, drawn: list[tuple[int, int]], cut: int
) -> None:
    full = corrected(signals, drawn)
    made = column(combine(full, SPEC), "process")
    assert -0.2 - NEAR <= sum(made) <= NEAR
    kept = 1 + cut % len(full.q)
    prefix = replace(
        full,
        q=full.q[:kept],
        aux=(full.aux or ())[:kept],
        corrections=tuple(p for p in full.corrections or () if p[0] < kept),
    )
    assert column(combine(prefix, SPEC), "process") == made[:kept]


@PROVEN
@given(safe, pairs, st.integers(0, 9), unit)
def test_recovery_keeps_better_steps_better(
    signals: Signals, drawn: list[tuple[int, int]], place: int, up: float
) -> None:
    full = corrected(signals, drawn)
    at = place % len(full.q)
    old = full.q[at]
    better = 1.0 if old is None else old + up * (1 - old)
    raised = replace(full, q=(*full.q[:at], better, *full.q[at + 1 :]))
    assert combine(raised, SPEC)["total"] >= combine(full, SPEC)["total"] - NEAR


@PROVEN
@given(safe, pairs)
def test_erring_and_correcting_never_beats_not_erring(
    signals: Signals, drawn: list[tuple[int, int]]
) -> None:
    full = corrected(signals, drawn)
    errors = {j for _, j in full.corrections or ()}
    flawless = replace(
        full,
        q=tuple(1.0 if t in errors else q for t, q in enumerate(full.q)),
        corrections=None,
    )
    made = combine(full, SPEC)
    assert made["total"] <= combine(flawless, SPEC)["total"] + NEAR
    lost = combine(full)["families"]["process"]["raw"]
    credit = made["families"]["process"]["raw"] - lost
    assert credit <= -lost / 2 + NEAR
