"""The reward models a scorer holds: one trunk, the heads of the last few models."""

import math
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from scoring.prm.engine import Engine, Loaded

from scoring.errors import ModelMismatch
from scoring.schema import Call, Episode, Prediction, Step

HELD = 16
_SHA256 = re.compile("[0-9a-f]{64}")

# What a new model must answer with finite probabilities before it answers anybody.
GOLDEN = Episode(
    id="golden",
    task="Find the order and tell the customer when it arrives.",
    steps=(
        Step(0, calls=(Call("find_order", {"id": 7}, result="arrives on Monday"),)),
        Step(1, text="It arrives on Monday.", observation="And now?"),
    ),
)


class Heads:
    """Loads models by hash from `root`; forgets the one not used for longest."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._root = root
        self._held: OrderedDict[str, Loaded] = OrderedDict()

    @property
    def names(self) -> list[str]:
        return list(self._held)

    def predict(self, sha256: str, episodes: Sequence[Episode]) -> list[Prediction]:
        """One prediction an episode.

        Raises:
            ModelMismatch: no such model, its files are damaged, or it answers nonsense.
        """
        return self._engine.predict(episodes, self._model(sha256))

    def _model(self, sha256: str) -> Loaded:
        if sha256 not in self._held:
            self._held[sha256] = self._load(sha256)
        self._held.move_to_end(sha256)
        while len(self._held) > HELD:
            self._held.popitem(last=False)
        return self._held[sha256]

    def _load(self, sha256: str) -> Loaded:
        if not _SHA256.fullmatch(sha256):
            raise ModelMismatch(f"{sha256[:80]!r} is no model's hash")
        model = self._engine.load(self._root / sha256)
        [answer] = self._engine.predict([GOLDEN], model)
        if not all(q is not None and math.isfinite(q) for q in answer.q):
            raise ModelMismatch(f"model {sha256[:8]} fails its warm-up")
        return model
