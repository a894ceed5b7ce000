"""An episode with what was judged of it."""

from dataclasses import dataclass

from scoring.errors import InvalidInput
from scoring.schema import VERDICTS, Episode


@dataclass(frozen=True, slots=True)
class Labelled:
    """`verdicts` has one entry a step: -1, 0, +1, or None where nobody judged.
    `corrected_at` is the index of the step that repairs the first error, if any does.

    Raises:
        InvalidInput: not one verdict a step, or a number that is none.
    """

    episode: Episode
    verdicts: tuple[int | None, ...]
    corrected_at: int | None = None

    def __post_init__(self) -> None:
        if len(self.verdicts) != len(self.episode.steps):
            detail = (
                f"{len(self.verdicts)} verdicts for {len(self.episode.steps)} steps"
            )
            raise InvalidInput(detail, pointer="/verdicts")
        for i, verdict in enumerate(self.verdicts):
            if verdict is not None and verdict not in VERDICTS:
                raise InvalidInput(
                    "a verdict is -1, 0, 1 or null", pointer=f"/verdicts/{i}"
                )
