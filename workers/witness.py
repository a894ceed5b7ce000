"""What reward models answer, asked in this very process: for audits and evaluations,
which ask about hundreds of runs and should keep nobody waiting at the scorer."""

import time
from collections.abc import Callable, Sequence

from django.conf import settings

from scoring.errors import ModelMismatch
from scoring.prm.engine import Engine
from scoring.schema import Episode, Prediction
from webapp.models import Job, RewardModel
from webapp.services import jobs
from workers import trunk
from workers.heads import Heads

REPORT_SECONDS = 1.0


class Witness:
    """Answers for a job and reports on it; a run that was asked about before is not
    read again."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._heads = Heads(Engine(trunk.load()), settings.DATA_DIR / "models")
        self._known: dict[tuple[str, str], Prediction] = {}
        self._phase, self._done, self._total = "", 0, 0
        self._told = 0.0

    def begin(self, phase: str, total: int) -> None:
        """Start counting anew, `total` runs to come.

        Raises: Cancelled.
        """
        self._phase, self._done, self._total = phase, 0, total
        self._report()

    def of(self, model: RewardModel) -> Callable[[Sequence[Episode]], list[Prediction]]:
        """The model as a callable from runs to predictions.

        Raises (when called): ModelMismatch, Cancelled.
        """

        def predict(episodes: Sequence[Episode]) -> list[Prediction]:
            return [self._ask(model.sha256, episode) for episode in episodes]

        return predict

    def _ask(self, sha256: str, episode: Episode) -> Prediction:
        key = sha256, episode.content_hash()
        if key not in self._known:
            [self._known[key]] = self._heads.predict(sha256, [episode])
        if not any(q is not None for q in self._known[key].q):
            raise ModelMismatch(f"the model said nothing of the run {episode.id}")
        self._done += 1
        if time.monotonic() - self._told >= REPORT_SECONDS:
            self._report()
        return self._known[key]

    def _report(self) -> None:
        self._told = time.monotonic()
        progress = {"phase": self._phase, "done": self._done, "unit": "runs"}
        if self._total:
            progress["total"] = self._total
        jobs.report(self._job, **progress)
