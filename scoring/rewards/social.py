"""The social family: preference pays, a bad tone is a ceiling, harm is the gate's.

People's word comes first, then what the model's trained heads detected, then a look at
the words. Each detector that looked reports its axis, its coverage (`head` or
`lexical`), a calibrated probability and where the evidence stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from scoring.detection import Detector
from scoring.rewards import manners
from scoring.rewards.rules import LEXICAL, Gate, SocialRule
from scoring.rewards.signals import check_number
from scoring.schema import Episode


@dataclass(frozen=True, slots=True)
class Social:
    """What people or a social head said of an episode; None where nobody said.

    `preference` is P(preferred) in [0, 1], `tone` a ceiling in [-1, 1] on what
    preference may earn, `harm` and `privacy` one probability a step, `coverage` who
    looked (`none`, `lexical`, `head`, `annotator`): a lexical look misses polite harm.

    Raises:
        InvalidSignals: on construction, when a number is NaN or out of range.
    """

    preference: float | None = None
    tone: float | None = None
    harm: tuple[float, ...] | None = None
    privacy: tuple[float, ...] | None = None
    coverage: str = "none"

    def __post_init__(self) -> None:
        if self.preference is not None:
            check_number(self.preference, "/social/preference", (0.0, 1.0))
        if self.tone is not None:
            check_number(self.tone, "/social/tone", (-1.0, 1.0))
        for name in ("harm", "privacy"):
            for i, probability in enumerate(getattr(self, name) or ()):
                check_number(probability, f"/social/{name}/{i}", (0.0, 1.0))


def looked_at(
    episode: Episode,
    social: Social,
    heads: Mapping[str, Detector],
    rule: SocialRule,
    gate: Gate,
) -> tuple[Social, dict[str, Any]]:
    """What is known of an episode's conduct once every detector has looked, and what a
    Score notes of it.

    Where nobody said how the agent behaved, it is preferred as far as its worst step is
    not rude by the head trained on such answers. A reply of rude words sets the tone, a
    ceiling of 1 - P(rude), where the spec asks and nobody else has.
    """
    found = [_reported(axis, heads[axis]) for axis in sorted(heads)]
    polite = _politeness(heads)
    if social.preference is None and polite is not None:
        social = replace(social, preference=polite)
    words = manners.worst(episode) if "rude" in rule.detectors else None
    if words is not None:
        found.append(words)
        if social.tone is None and words["probability"] >= manners.THRESHOLD:
            social = replace(social, tone=1 - words["probability"])
    if social.coverage == "none":
        looked = words is not None or not LEXICAL.isdisjoint(gate.rules)
        social = replace(social, coverage=_coverage(bool(heads), looked))
    return social, {"coverage": social.coverage, "detectors": found}


def _politeness(heads: Mapping[str, Detector]) -> float | None:
    rude = heads.get("rude")
    if rude is None or rude.worst is None:
        return None
    return 1 - rude.probability(rude.worst)


def _coverage(by_heads: bool, by_words: bool) -> str:
    return "head" if by_heads else "lexical" if by_words else "none"


def _reported(axis: str, detector: Detector) -> dict[str, Any]:
    """The worst step of an episode by one head."""
    step = detector.worst
    found = None if step is None else detector.steps[step]
    nothing = {"probability": None, "pointer": None, "start": None, "end": None}
    said = found.to_dict() if found else nothing
    row = {"axis": axis, "coverage": "head", "bar": detector.bar, "step": step}
    return row | said
