"""Everything the library raises on purpose.

ScoringError
├── InvalidInput            the caller's data is wrong; carries where
│   ├── InvalidEpisode      an episode breaks pacenote/episode@1
│   ├── UnreadableFile      a file, or one row of it, can't be parsed
│   │   └── UnknownFormat   no reader recognises it
│   │       └── NoTrajectory    it is known to be something else
│   ├── InvalidSignals      numbers given to combine() are missing, NaN or out of range
│   └── InvalidSpec         a reward spec that promises nothing
├── NotEnoughLabels         a training set no model can be fitted on
├── ModelMismatch           files of a model that don't belong together
└── Cancelled               the caller's report() asked to stop
"""


class ScoringError(Exception):
    """Base of the tree; `str(error)` is a sentence fit to show a user."""

    code = "scoring-error"


class InvalidInput(ScoringError):
    """The data is wrong. `pointer` is an RFC 6901 JSON pointer, `line` 1-based."""

    code = "invalid-input"

    def __init__(
        self, detail: str, *, pointer: str | None = None, line: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.line = line


class InvalidEpisode(InvalidInput):
    code = "invalid-episode"


class UnreadableFile(InvalidInput):
    code = "unreadable-file"


class UnknownFormat(UnreadableFile):
    code = "unknown-format"


class NoTrajectory(UnknownFormat):
    code = "no-trajectory"


class InvalidSignals(InvalidInput):
    code = "invalid-signals"


class InvalidSpec(InvalidInput):
    code = "invalid-spec"


class NotEnoughLabels(ScoringError):
    code = "not-enough-labels"


class ModelMismatch(ScoringError):
    code = "model-mismatch"


class Cancelled(ScoringError):
    code = "cancelled"
