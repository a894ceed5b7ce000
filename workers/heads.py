"""The reward models a scorer answers with: proven before they answer anybody."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scoring.errors import ModelMismatch
from scoring.prm.card import Model
from scoring.prm.engine import Engine
from scoring.prm.foreign import Foreign
from scoring.schema import Call, Episode, Prediction, Step

_SHA256 = re.compile("[0-9a-f]{64}")

# What a model must answer with finite probabilities first.
GOLDEN = Episode(
    id="golden",
    task="Find the order and tell the customer when it arrives.",
    steps=(
        Step(0, calls=(Call("find_order", {"id": 7}, result="arrives on Monday"),)),
        Step(1, text="It arrives on Monday.", observation="And now?"),
    ),
)


class Heads:
    """Models by hash, from folders under `root`; the engine keeps the last few."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._root = root
        self._proven: dict[str, Prediction] = {}

    @property
    def backbone(self) -> str:
        """Hash of the language model they stand on."""
        return self._engine.trunk.sha256

    @property
    def names(self) -> list[str]:
        return sorted(self._proven)

    def predict(self, sha256: str, episodes: Sequence[Episode]) -> list[Prediction]:
        """One prediction an episode; none at all just loads the model.

        Raises:
            ModelMismatch: no such model, its files are damaged, or it answers nonsense.
        """
        if not _SHA256.fullmatch(sha256):
            raise ModelMismatch(f"{sha256[:80]!r} is no model's hash")
        model = self._model(sha256)
        if sha256 not in self._proven:
            self._prove(sha256)
        return self._engine.predict(episodes, model)

    def prove_again(self, *, anew: bool) -> None:
        """Have every model in use answer its golden episode as it first did: from what
        was read of it before, or `anew`, for which the cache is emptied.

        Raises:
            ModelMismatch: one answers otherwise; memory or a device has gone bad.
        """
        if anew:
            self._engine.forget()
        for sha256, first in self._proven.items():
            if self._golden(sha256) != first:
                raise ModelMismatch(f"model {sha256[:8]} no longer answers as it did")

    def _prove(self, sha256: str) -> None:
        answer = self._golden(sha256)
        if not all(q is not None and math.isfinite(q) for q in answer.q):
            raise ModelMismatch(f"model {sha256[:8]} fails its warm-up")
        self._proven[sha256] = answer

    def _golden(self, sha256: str) -> Prediction:
        model = self._model(sha256)
        # a remembered score would prove nothing
        [answer] = self._engine.predict([GOLDEN], model, remembered=False)
        # how much of it was remembered is no part of what it says
        return replace(answer, cached_tokens=0)

    def _model(self, sha256: str) -> Model | Foreign:
        return self._engine.load(self._root / sha256)
