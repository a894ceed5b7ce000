"""Where each cell of a Score comes from: its formula with its numbers filled in.

Written from the Score alone: what a cell is worth can be checked by hand, long after
the episode and the model are gone.
"""

from collections.abc import Callable, Mapping
from typing import Any

from scoring.rewards.process import cautious
from scoring.rewards.spec import COLUMNS, Spec

Score = Mapping[str, Any]

# flags of a step that aren't a broken rule; `…_unknown` says what nobody measured
_REMARKS = {"uncertain", "carry_forward", "loop"}


def formulas(score: Score, spec: Spec) -> list[dict[str, str]]:
    """One entry a step: for each cell that isn't 0 `arithmetic; why`, by column. The
    arithmetic of a cell evaluates to it, to the four digits that are written."""
    level = dict.fromkeys(COLUMNS, 0.0)
    found = []
    for step in score["steps"]:
        cells = {name: value for name, value in step["rewards"].items() if value}
        found.append(
            {name: _WRITTEN[name](score, spec, step, level[name]) for name in cells}
        )
        for name, value in cells.items():
            level[name] += value
    return found


def _final(score: Score, spec: Spec, step: Any, before: float) -> str:
    family = score["families"]["final"]
    outcome = (family["raw"] + 1) / 2
    source = family.get("source") or "signals"
    return f"{_n(spec.final.weight)} × (2 × {_n(outcome)} − 1); outcome by {source}"


def _process(score: Score, spec: Spec, step: Any, before: float) -> str:
    rule = spec.process
    change = _change(rule.weight, before, step["rewards"]["process"])
    broken = [flag for flag in step["flags"] if not _is_remark(flag)]
    if broken:
        return f"{change}; q = 0 by {', '.join(broken)}"
    q = cautious(step["q"], step["q_std"], rule)
    if rule.aggregate == "last" and q is not None:
        return f"{change}; newest: min({_n(q)}, {_n(rule.eta)}) / {_n(rule.eta)} − 1"
    if step["rewards"]["process"] > 0 or q is None:
        return f"{change}; an earlier mistake was corrected"
    eta = _n(rule.eta)
    return f"{change}; worst so far: min({_n(q)}, {eta}) / {eta} − 1"


def _auxiliary(score: Score, spec: Spec, step: Any, before: float) -> str:
    change = _change(spec.auxiliary.weight, before, step["rewards"]["auxiliary"])
    return f"{change}; tokens, calls and repetition, worst so far"


def _social(score: Score, spec: Spec, step: Any, before: float) -> str:
    raw = score["families"]["social"]["raw"]
    return f"{_n(spec.social.weight)} × {_n(raw)}; min(2 P(preferred) − 1, tone)"


def _gate(score: Score, spec: Spec, step: Any, before: float) -> str:
    first = score["gate"]["violations"][0]
    return f"{_n(-spec.gate.penalty)}; first violation: {first['rule']}"


def _change(weight: float, before: float, cell: float) -> str:
    """w × (Φ(t) − Φ(t − 1)), both levels told from what was charged so far."""
    was, now = before / weight, (before + cell) / weight
    return f"{_n(weight)} × ({_n(now)} − {_n(was)})".replace("− −", "+ ")


def _is_remark(flag: str) -> bool:
    return flag in _REMARKS or flag.endswith("_unknown")


def _n(value: float) -> str:
    # a sum of floats a hair from 0 is written as 0, never as -0
    return f"{round(value, 6) + 0.0:.6g}".replace("-", "−")


_WRITTEN: Mapping[str, Callable[[Score, Spec, Any, float], str]] = {
    "final": _final,
    "process": _process,
    "auxiliary": _auxiliary,
    "social": _social,
    "gate": _gate,
}
