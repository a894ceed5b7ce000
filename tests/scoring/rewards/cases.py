"""Random signals and episodes for the property tests, and how often to draw them."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from scoring.rewards import Signals
from scoring.schema import Call, Episode, Outcome, Step, Tokens

# the invariants of the reward engine, each on this many episodes
PROVEN = settings(
    max_examples=1500,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

unit = st.floats(0, 1)
charge = st.floats(-1, 0)
small = st.floats(-10, 10)


def _decoded(drawn: bytes, *, gated: bool) -> Signals:
    """Two bytes a number: one draw an episode keeps thousands of them quick."""
    words = np.frombuffer(drawn[: len(drawn) // 4 * 4], np.uint16) / 65535
    # stretched and clipped, so that the exact ends 0 and 1 are common
    numbers = np.clip(words * 1.25 - 0.125, 0, 1).tolist()
    f, social, *rest = numbers
    q, aux = rest[::2], rest[1::2]
    place = min(int(words[0] * len(q)), len(q) - 1)
    return Signals(
        id="e",
        q=tuple(None if 0.3 < value < 0.4 else value for value in q),
        aux=tuple(-value for value in aux),
        final=f,
        social=None if 0.3 < social < 0.4 else social,
        violations=(place,) if gated else (),
    )


_drawn = st.binary(min_size=8, max_size=40)
safe = _drawn.map(partial(_decoded, gated=False))
unsafe = _drawn.map(partial(_decoded, gated=True))
anything = safe | unsafe


def as_success(signals: Signals) -> Signals:
    return replace(signals, final=1.0)


def as_failure(signals: Signals) -> Signals:
    return replace(signals, final=0.0)


def cells(score: dict[str, Any]) -> list[list[float]]:
    """The matrix of a Score, one row a step."""
    return [list(step["rewards"].values()) for step in score["steps"]]


def column(score: dict[str, Any], family: str) -> list[float]:
    return [step["rewards"][family] for step in score["steps"]]


def run(*steps: Step, task: str = "Refund order 7", **fields: Any) -> Episode:
    """An episode of the given steps, solved unless said otherwise."""
    numbered = tuple(replace(step, index=i) for i, step in enumerate(steps))
    fields.setdefault("outcome", Outcome(success=True))
    return Episode(task=task, steps=numbered, id="run", **fields)


def say(text: str, observation: str = "", tokens: int | None = None) -> Step:
    used = None if tokens is None else Tokens(outputs=tokens)
    return Step(0, text=text, observation=observation, tokens=used)


def call(name: str, arguments: Any = None, observation: str = "") -> Step:
    made = Call(name, arguments, result="ok")
    return Step(0, calls=(made,), observation=observation, kind="tool")
