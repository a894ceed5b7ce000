"""Audits: a reward model tried on runs of tasks it was not trained on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from django.utils import timezone

from scoring import schema
from scoring.audit import Check, Judged, audit
from scoring.errors import ModelMismatch
from webapp.models import RewardModel, RewardSpec, Snapshot
from webapp.services import predictions, snapshots

RUNS = 100
CHUNK = 16  # small, so that people come in between

Say = Callable[[str], object]


def run(model: RewardModel, *, spec: RewardSpec, say: Say) -> list[Check]:
    """Audit a model under a spec on the test side of the labels it was made from, and
    keep the result on its row.

    Raises:
        NotReady, Busy: no scorer for a long time.
        NotEnoughLabels: a model that came without a run, in a project without labels.
        Invalid: episodes of its snapshot were deleted since.
        ModelMismatch: the model left runs unread.
    """
    runs = list(islice(_unseen(_snapshot(model)), RUNS))
    asked = 0

    def predict(episodes: Sequence[schema.Episode]) -> list[schema.Prediction]:
        nonlocal asked
        asked += len(episodes)
        say(f"{asked} runs asked about")
        return list(_ask(model, episodes))

    checks = audit(runs, predict, spec.to_spec())
    model.audit = {
        "spec": {"id": str(spec), "sha256": spec.sha256},
        "at": timezone.now().isoformat(),
        "runs": len(runs),
        "checks": [check.to_dict() for check in checks],
    }
    model.save(update_fields=["audit"])
    return checks


def _snapshot(model: RewardModel) -> Snapshot:
    if hasattr(model, "run"):
        return model.run.snapshot
    return snapshots.take(model.project, user=None)


def _unseen(snapshot: Snapshot) -> Iterator[Judged]:
    for row in snapshots.examples(snapshot):
        if row.split == "test":
            yield Judged(_with_outcome(row.episode, row.success), row.verdicts)


def _with_outcome(episode: schema.Episode, success: bool | None) -> schema.Episode:
    """The run with what people said of its outcome."""
    if success is None:
        return episode
    outcome = replace(episode.outcome, success=success, score=None)
    return replace(episode, outcome=outcome)


def _ask(
    model: RewardModel, episodes: Sequence[schema.Episode]
) -> Iterator[schema.Prediction]:
    for start in range(0, len(episodes), CHUNK):
        chunk = episodes[start : start + CHUNK]
        for prediction in predictions.ask_patiently(model, chunk):
            if prediction is None:
                raise ModelMismatch("the model said nothing of a run")
            yield prediction
