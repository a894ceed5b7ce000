"""TRL stepwise supervision: `{"prompt", "completions": [T], "labels": [T]}` a line.

TRL's format has no mask, so an episode is cut at its first step without a label.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Literal

from scoring.exports.labelled import Labelled
from scoring.exports.propagation import propagation
from scoring.exports.text import completion, prompt


def trl_stepwise(
    rows: Iterable[Labelled],
    *,
    policy: str = "stop",
    zero: Literal["right", "wrong"] = "right",
) -> Iterator[str]:
    """One JSON line per episode that has a label on its first step.

    `policy` says what happens after the first error (propagation.py), `zero` what a
    verdict of 0 counts as, since a label here is only true or false.
    """
    right = (0, 1) if zero == "right" else (1,)
    propagate = propagation(policy)
    for row in rows:
        verdicts = propagate(row.verdicts, row.corrected_at)
        known = next((i for i, v in enumerate(verdicts) if v is None), len(verdicts))
        if known:
            yield _line(row, [verdict in right for verdict in verdicts[:known]])


def _line(row: Labelled, labels: list[bool]) -> str:
    steps = row.episode.steps[: len(labels)]
    return json.dumps(
        {
            "prompt": prompt(row.episode),
            "completions": [completion(step) for step in steps],
            "labels": labels,
        },
        ensure_ascii=False,
    )
