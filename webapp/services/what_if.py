"""What if a spec weighed otherwise, or a step had been judged otherwise? Computed from
what the model has said before, for all runs of one task; nothing is kept."""

from dataclasses import dataclass, replace
from typing import Any

from scoring import rewards
from scoring.rewards.margin import TOLERANCE
from scoring.schema import Prediction
from webapp.models import Episode
from webapp.services import answers, reward_models, stored_scores
from webapp.services.answers import Inputs

MOST_RUNS = 32


@dataclass(frozen=True, slots=True)
class Flip:
    """Another q for one step of the episode in question."""

    step: int
    q: float


@dataclass(frozen=True, slots=True)
class Run:
    """A run under both specs: its Scores and its places, 1 for the best (equals share
    one), None without a total. `is_judged`: the model has said something of it."""

    episode: Episode
    is_judged: bool
    before: dict[str, Any]
    after: dict[str, Any]
    was: int | None = None
    now: int | None = None

    @property
    def change(self) -> float | None:
        if self.before["total"] is None or self.after["total"] is None:
            return None
        return float(self.after["total"] - self.before["total"])


def compare(
    episode: Episode,
    before: rewards.Spec,
    after: rewards.Spec,
    flip: Flip | None = None,
) -> list[Run]:
    """The runs of the episode's task (itself and the newest others, MOST_RUNS in all),
    the best under `after` first; `flip` holds only under `after`.

    Raises:
        InvalidInput: a budget in a run's `meta` is no number.
    """
    rows = _runs(episode)
    given = answers.inputs(rows)
    said = stored_scores.said(rows, reward_models.champion(episode.project))
    runs = []
    for row in rows:
        prediction = said.get(row.pk)
        other = _flipped(prediction, row, flip) if row == episode else prediction
        was = _score(given[row.pk], prediction, before)
        now = _score(given[row.pk], other, after)
        runs.append(Run(row, prediction is not None, was, now))
    placed = [_placed(run, runs) for run in runs]
    return sorted(placed, key=lambda run: run.now or MOST_RUNS + 1)


def _runs(episode: Episode) -> list[Episode]:
    same_task = Episode.objects.filter(project=episode.project, group=episode.group)
    rows = same_task.select_related("project").prefetch_related("steps")
    others = rows.exclude(pk=episode.pk)[: MOST_RUNS - 1]
    return [*rows.filter(pk=episode.pk), *others]


def _score(
    given: Inputs, prediction: Prediction | None, spec: rewards.Spec
) -> dict[str, Any]:
    run, social = given
    return rewards.score(run, prediction, spec, social=social)


def _flipped(
    said: Prediction | None, row: Episode, flip: Flip | None
) -> Prediction | None:
    if flip is None or not 0 <= flip.step < row.step_count:
        return said
    nothing = (None,) * row.step_count
    said = said or Prediction(nothing, nothing, nothing, nothing)
    q, std = list(said.q), list(said.q_std)
    q[flip.step], std[flip.step] = flip.q, None
    return replace(said, q=tuple(q), q_std=tuple(std))


def _placed(run: Run, runs: list[Run]) -> Run:
    was = _place(run.before, [other.before for other in runs])
    return replace(run, was=was, now=_place(run.after, [r.after for r in runs]))


def _place(score: dict[str, Any], scores: list[dict[str, Any]]) -> int | None:
    if score["total"] is None:
        return None
    totals = [other["total"] for other in scores if other["total"] is not None]
    better = [total for total in totals if total > score["total"] + TOLERANCE]
    return 1 + len(better)
