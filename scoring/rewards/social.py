"""The social family: preference pays, a bad tone is a ceiling, harm is the gate's."""

from dataclasses import dataclass

from scoring.rewards.signals import check_number


@dataclass(frozen=True, slots=True)
class Social:
    """What people or a social head said of an episode; None where nobody said.

    `preference` is P(preferred) in [0, 1], `tone` a ceiling in [-1, 1] on what
    preference may earn, `harm` one probability a step, `coverage` who looked (`none`,
    `lexical`, `head`, `annotator`): a lexical look misses polite harm.

    Raises:
        InvalidSignals: on construction, when a number is NaN or out of range.
    """

    preference: float | None = None
    tone: float | None = None
    harm: tuple[float, ...] | None = None
    coverage: str = "none"

    def __post_init__(self) -> None:
        if self.preference is not None:
            check_number(self.preference, "/social/preference", (0.0, 1.0))
        if self.tone is not None:
            check_number(self.tone, "/social/tone", (-1.0, 1.0))
        for i, probability in enumerate(self.harm or ()):
            check_number(probability, f"/social/harm/{i}", (0.0, 1.0))
