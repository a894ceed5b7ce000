"""What the rules find in a run by themselves: what waits for no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.rewards import auxiliary, gate, process
from scoring.rewards.gate import Violation
from scoring.rewards.repetition import loops
from scoring.rewards.spec import Spec
from scoring.schema import Episode


@dataclass(frozen=True, slots=True)
class Reading:
    """Of an episode of T steps under one spec.

    charges: steps whose q the process rules set to 0, each with its reason.
    flags: [T] what a step is noted for.
    auxiliary: [T] prefix values in [-1, 0].
    violations: by rule, those the gate finds in texts and calls.
    """

    charges: Sequence[tuple[int, str]]
    flags: Sequence[Sequence[str]]
    auxiliary: Sequence[float]
    violations: Mapping[str, Sequence[Violation]]


def read(episode: Episode, spec: Spec) -> Reading:
    """Read an episode by the rules of a spec.

    Raises:
        InvalidEpisode: a budget in `meta` is no number above 0.
    """
    unmeasured = auxiliary.unmeasured(episode, spec.auxiliary)
    return Reading(
        charges=process.charges(episode, spec.process),
        flags=[
            ["loop"] * looping + unknown
            for looping, unknown in zip(loops(episode), unmeasured, strict=True)
        ],
        auxiliary=auxiliary.prefix_values(episode, spec.auxiliary),
        violations=gate.written_down(episode, spec.gate),
    )
