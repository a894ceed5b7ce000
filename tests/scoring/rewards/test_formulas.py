"""Every cell's formula evaluates to the cell."""

import pytest

from scoring.rewards import DEFAULT, Signals, built_in, combine, edited
from scoring.rewards.formulas import formulas
from scoring.rewards.spec import Spec

SIGNALS = Signals(
    id="a",
    q=(0.9, 0.3, None, 0.1, 0.8),
    final=0.8,
    social=0.2,
    aux=(0.0, -0.2, -0.1, -0.4, -0.4),
    violations=(2,),
    corrections=((4, 3),),
)


def value_of(formula: str) -> float:
    """What a reader's calculator would say."""
    arithmetic = formula.partition(";")[0].replace("×", "*").replace("−", "-")
    return float(eval(arithmetic, {}))


@pytest.mark.parametrize(
    "spec",
    [*built_in(), edited(DEFAULT, {"/components/process/recovery": 0.5})],
    ids=lambda spec: f"{spec.id}@{spec.version}",
)
def test_a_reader_can_check_every_cell(spec: Spec) -> None:
    score = combine(SIGNALS, spec)

    for step, written in zip(score["steps"], formulas(score, spec), strict=True):
        cells = {name: value for name, value in step["rewards"].items() if value}
        assert cells.keys() == written.keys()
        for name, formula in written.items():
            assert value_of(formula) == pytest.approx(cells[name], abs=2e-5), formula


def test_the_reason_stands_beside_the_numbers() -> None:
    first, second, third, *_, last = formulas(combine(SIGNALS), DEFAULT)

    assert first == {}
    assert (
        second["process"] == "0.2 × (−0.4 − 0); worst so far: min(0.3, 0.5) / 0.5 − 1"
    )
    assert third == {"gate": "−2.2; first violation: stated"}
    assert last["final"] == "0.6 × (2 × 0.8 − 1); outcome by signals"


def test_what_nobody_knows_has_no_formula() -> None:
    score = combine(Signals(id="a", q=(0.9,)))

    assert formulas(score, DEFAULT) == [{}]
