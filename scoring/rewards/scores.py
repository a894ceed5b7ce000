"""The Score: what the API answers for one episode, every number JSON-safe."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from scoring.detection import Detection, Detector
from scoring.rewards.cells import Batch, Cells, fill
from scoring.rewards.gate import Violation
from scoring.rewards.spec import COLUMNS, FAMILIES, Spec
from scoring.schema import Prediction


@dataclass(frozen=True, slots=True)
class Sheet:
    """One episode of T steps, ready to be combined.

    `q` are the rewarded values (cautious, ruled), `prediction` what the model said and
    the Score shows, `violations` are in order of step, `flags` has a list a step,
    `notes` adds to a family's entry where its numbers came from.
    """

    episode: str
    q: Sequence[float | None]
    auxiliary: Sequence[float]
    final: float | None
    preference: float | None
    tone: float | None
    violations: Sequence[Violation]
    corrections: Sequence[tuple[int, int]]
    prediction: Prediction
    flags: Sequence[list[str]]
    reasons: Sequence[str] = ()
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def write(
    sheets: Sequence[Sheet], spec: Spec, model: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Combine any number of episodes in one pass; one Score each, in order."""
    if not sheets:
        return []
    cells = fill(_batch(sheets), spec)
    ends = np.cumsum([len(sheet.q) for sheet in sheets])
    return [
        _score(sheet, spec, model, _Row.of(cells, i, int(end) - len(sheet.q), int(end)))
        for i, (sheet, end) in enumerate(zip(sheets, ends, strict=True))
    ]


def prediction_of(score: Mapping[str, Any]) -> Prediction:
    """What the model said when a Score was written: enough for another spec's Score."""
    steps = score["steps"]
    verdicts = (step["verdict"] for step in steps)
    return Prediction(
        q=tuple(step["q"] for step in steps),
        q_std=tuple(step["q_std"] for step in steps),
        verdicts=tuple(v and (v["-1"], v["0"], v["1"]) for v in verdicts),
        value=tuple(step["value"] for step in steps),
        truncation=score["truncation"],
        social=dict(_detectors(score)),
        **score["usage"],
    )


def _detectors(score: Mapping[str, Any]) -> Iterator[tuple[str, Detector]]:
    """The social heads' part of it: by axis, what each said of every step."""
    for row in score["families"]["social"].get("detectors", ()):
        if row["coverage"] == "head":
            said = (step["social"].get(row["axis"]) for step in score["steps"])
            found = tuple(step and Detection.from_dict(step) for step in said)
            yield row["axis"], Detector(found, row["bar"])


def _batch(sheets: Sequence[Sheet]) -> Batch:
    def flat(rows: Sequence[Sequence[float | None]]) -> Any:
        return np.array([value for row in rows for value in row], np.float64)

    first = [s.violations[0].step if s.violations else -1 for s in sheets]
    return Batch(
        lengths=np.array([len(sheet.q) for sheet in sheets]),
        q=flat([sheet.q for sheet in sheets]),
        auxiliary=flat([sheet.auxiliary for sheet in sheets]),
        final=flat([[sheet.final for sheet in sheets]]),
        preference=flat([[sheet.preference for sheet in sheets]]),
        tone=flat([[1.0 if s.tone is None else s.tone for s in sheets]]),
        violation=np.array(first),
        corrections={i: s.corrections for i, s in enumerate(sheets) if s.corrections},
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """One episode's part of the cells as Python floats, None for NaN."""

    rewards: list[list[float | None]]
    raw: list[float | None]
    weighted: list[float | None]
    total: float | None

    @classmethod
    def of(cls, cells: Cells, index: int, start: int, end: int) -> "_Row":
        return cls(
            [_known(row) for row in cells.rewards[start:end].tolist()],
            _known(cells.raw[index].tolist()),
            _known(cells.weighted[index].tolist()),
            _known([float(cells.total[index])])[0],
        )


def _known(values: list[float]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values]


def _score(
    sheet: Sheet, spec: Spec, model: Mapping[str, Any] | None, row: _Row
) -> dict[str, Any]:
    reasons = list(sheet.reasons)
    reasons += [f"{name}_missing" for name in _abstaining(row)]
    prediction = sheet.prediction
    families = {
        name: {
            "raw": row.raw[i],
            "weighted": row.weighted[i],
            **sheet.notes.get(name, {}),
        }
        for i, name in enumerate(FAMILIES)
    }
    return {
        "episode": sheet.episode,
        "valid": row.total is not None,
        "reasons": reasons,
        "model": None if model is None else dict(model),
        "spec": {"id": spec.id, "version": spec.version, "sha256": spec.sha256},
        "total": row.total,
        "families": families,
        "gate": {
            "penalty": row.raw[-1],
            "violations": [violation.to_dict() for violation in sheet.violations],
        },
        "steps": [_step(sheet, t, cells) for t, cells in enumerate(row.rewards)],
        "usage": {
            "tokens": prediction.tokens,
            "cached_tokens": prediction.cached_tokens,
        },
        "truncation": None
        if prediction.truncation is None
        else dict(prediction.truncation),
    }


def _abstaining(row: _Row) -> list[str]:
    return [
        name for name, raw in zip(FAMILIES, row.raw[:-1], strict=True) if raw is None
    ]


def _step(sheet: Sheet, t: int, cells: list[float | None]) -> dict[str, Any]:
    said = sheet.prediction
    verdict = said.verdicts[t]
    return {
        "index": t,
        "q": said.q[t],
        "q_std": said.q_std[t],
        "verdict": verdict and dict(zip(("-1", "0", "1"), verdict, strict=True)),
        "value": said.value[t],
        "social": {
            axis: detection.to_dict()
            for axis, found in said.social.items()
            if (detection := found.steps[t])
        },
        "rewards": dict(zip(COLUMNS, cells, strict=True)),
        "flags": list(sheet.flags[t]),
    }
