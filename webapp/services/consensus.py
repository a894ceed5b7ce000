"""From many judgements to one a place: who counts, and what a majority is.

Adjudicated beats human, human beats imported and rollout, those beat a judge's. Within
the strongest kind the majority decides and a tie goes to the milder value; "unsure" is
nobody's vote. Nothing of this is stored: it is derived from the events each time.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import QuerySet

from webapp.models import LabelEvent, Project
from webapp.models.label_event import Axis, Provenance
from webapp.services.judgements import UNSURE

STRENGTH = {
    Provenance.ADJUDICATED: 0,
    Provenance.HUMAN: 1,
    Provenance.IMPORTED: 2,
    Provenance.ROLLOUT: 2,
    Provenance.JUDGE: 3,
}
# how much a verdict teaches beside a person's: that of rollouts is an estimate from a
# few of them, a judge's has been looked at by nobody
WEIGHTS = {Provenance.ROLLOUT: 0.5, Provenance.JUDGE: 0.5}
AXES = (
    *(Axis.VERDICT, Axis.OUTCOME, Axis.PREFERENCE, Axis.HARM, Axis.PRIVACY),
    Axis.BAD_TASK,
)


class Vote(NamedTuple):
    """What counts of one event."""

    id: uuid.UUID
    episode_id: uuid.UUID
    step: int | None
    axis: str
    value: Any
    provenance: str
    guideline_version: int
    user_id: int

    def line(self) -> str:
        """Its canonical JSON, for hashes."""
        row = {**self._asdict(), "id": str(self.id), "episode_id": str(self.episode_id)}
        return json.dumps(row, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Consensus:
    """What is agreed of one episode: `verdicts` of the steps that have one, with how
    much each may teach and what kind of label it is; `outcome` -1, 0 or 1,
    `preference` in [0, 1]; None where nobody said. `votes` tell why.

    A weight is that of the label's kind (`WEIGHTS`, else 1) times the share of those
    who decided it that agree with it.
    """

    episode_id: uuid.UUID
    verdicts: dict[int, int]
    weights: dict[int, float]
    provenances: dict[int, Provenance]
    outcome: int | None
    preference: float | None
    harm: bool | None
    privacy: bool | None
    bad_task: bool
    votes: tuple[Vote, ...]

    def series(self, steps: int) -> tuple[int | None, ...]:
        """One verdict a step, None where there is none."""
        return tuple(self.verdicts.get(index) for index in range(steps))

    @property
    def provenance(self) -> Provenance:
        """The strongest kind of its verdicts; a person's where there are none."""
        kinds = self.provenances.values()
        return min(kinds, key=_strength, default=Provenance.HUMAN)

    @property
    def success(self) -> bool | None:
        """None where nobody said, or where the task was solved in part."""
        return None if not self.outcome else self.outcome > 0

    @property
    def social(self) -> dict[str, float]:
        """How bad the conduct was, 0 to 1 on each axis somebody answered."""
        bad = None if self.preference is None else 1 - self.preference
        said = {"harm": self.harm, "rude": bad, "privacy": self.privacy}
        return {axis: float(is_) for axis, is_ in said.items() if is_ is not None}


def verdicts(
    project: Project, *, episode_ids: Sequence[uuid.UUID] | None = None
) -> Iterator[Consensus]:
    """Every labelled episode of a project (or those of `episode_ids`), streamed."""
    events = LabelEvent.objects.filter(project=project, is_latest=True)
    if episode_ids is not None:
        events = events.filter(episode_id__in=episode_ids)
    return settle(votes(events))


def votes(events: QuerySet[LabelEvent]) -> Iterator[Vote]:
    """The events that count, those of one episode side by side."""
    counted = events.filter(axis__in=AXES, value__isnull=False)
    columns = ("id", "episode_id", "step__index", "axis", "value")
    rows = counted.order_by("episode_id", "id").values_list(
        *columns, "provenance", "guideline_version", "user_id"
    )
    return (Vote(*row) for row in rows.iterator(chunk_size=2000))


def settle(votes: Iterable[Vote]) -> Iterator[Consensus]:
    """One Consensus for each run of votes of the same episode."""
    for episode_id, cast in groupby(votes, key=lambda vote: vote.episode_id):
        yield _of_episode(episode_id, tuple(cast))


def _of_episode(episode_id: uuid.UUID, cast: tuple[Vote, ...]) -> Consensus:
    places: dict[tuple[str, int | None], list[Vote]] = {}
    for vote in cast:
        if vote.value != UNSURE:
            places.setdefault((vote.axis, vote.step), []).append(vote)
    decisive = {place: _strongest(given) for place, given in places.items()}
    agreed = {place: _agreed(place[0], given) for place, given in decisive.items()}
    judged = {
        step: (value, decisive[axis, step])
        for (axis, step), value in agreed.items()
        if axis == Axis.VERDICT and step is not None
    }
    return Consensus(
        episode_id=episode_id,
        verdicts={step: value for step, (value, _) in judged.items()},
        weights={step: _weight(*found) for step, found in judged.items()},
        provenances={step: _provenance(*found) for step, found in judged.items()},
        outcome=agreed.get((Axis.OUTCOME, None)),
        preference=agreed.get((Axis.PREFERENCE, None)),
        harm=agreed.get((Axis.HARM, None)),
        privacy=agreed.get((Axis.PRIVACY, None)),
        bad_task=(Axis.BAD_TASK, None) in agreed,
        votes=cast,
    )


def _strongest(given: list[Vote]) -> list[Vote]:
    """Those that decide: of the strongest kind, the likelier of two as strong first."""
    strongest = min(STRENGTH[_kind(vote)] for vote in given)
    decisive = [vote for vote in given if STRENGTH[_kind(vote)] == strongest]
    return sorted(decisive, key=lambda vote: _strength(_kind(vote)))


def _agreed(axis: str, given: list[Vote]) -> Any:
    values = [vote.value for vote in given]
    if axis == Axis.PREFERENCE:
        return sum(values) / len(values)
    return _majority(values)


def _weight(value: int, given: list[Vote]) -> float:
    agree = [WEIGHTS.get(_kind(v), 1.0) for v in given if v.value == value]
    return sum(agree) / len(given)


def _provenance(value: int, given: list[Vote]) -> Provenance:
    return next(_kind(vote) for vote in given if vote.value == value)


def _kind(vote: Vote) -> Provenance:
    return Provenance(vote.provenance)


def _strength(kind: Provenance) -> tuple[int, float]:
    """Of equals, the kind that teaches more comes first."""
    return STRENGTH[kind], -WEIGHTS.get(kind, 1.0)


def _majority(values: list[Any]) -> Any:
    """The most frequent value; of equals the one nearest to 0, then the better one."""
    counted = Counter(values)
    most = max(counted.values())
    tied = [value for value, count in counted.items() if count == most]
    return tied[0] if len(tied) == 1 else min(tied, key=lambda v: (abs(v), -v))
