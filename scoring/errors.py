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
├── StorageFull             no room on the disk; what was there before still is
├── TrainingDiverged        a loss that stays infinite or NaN; nothing was saved of it
├── OutOfMemory             even the smallest batch doesn't fit into the device
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


class StorageFull(ScoringError):
    code = "storage-full"

    @classmethod
    def of(cls, error: OSError, folder: object) -> "StorageFull":
        """What to tell of an OSError met while writing into a folder."""
        return cls(f"{folder} can't be written: {error.strerror or error}")


class TrainingDiverged(ScoringError):
    code = "training-diverged"


class OutOfMemory(ScoringError):
    code = "out-of-memory"


class Cancelled(ScoringError):
    code = "cancelled"
