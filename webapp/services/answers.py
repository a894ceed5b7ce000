"""What people answered about stored episodes: the outcome and the agent's manners."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from scoring import schema
from scoring.rewards import Social
from webapp.models import Episode
from webapp.services import consensus

Inputs = tuple[schema.Episode, Social | None]


@dataclass(frozen=True, slots=True)
class Answers:
    """`outcome` -1, 0 or 1, `preference` in [0, 1]; None where nobody answered."""

    outcome: int | None = None
    preference: float | None = None
    harm: bool | None = None
    privacy: bool | None = None

    @classmethod
    def of(cls, episodes: Sequence[Episode]) -> dict[uuid.UUID, Self]:
        """The answers agreed on, one an episode of the same project."""
        if not episodes:
            return {}
        ids = [episode.pk for episode in episodes]
        agreed = consensus.verdicts(episodes[0].project, episode_ids=ids)
        found = {
            row.episode_id: cls(row.outcome, row.preference, row.harm, row.privacy)
            for row in agreed
        }
        return {pk: found.get(pk, cls()) for pk in ids}

    @property
    def sha256(self) -> str:
        """Identity of the labels a score drew upon."""
        said = [self.outcome, self.preference, self.harm, self.privacy]
        # scores of before the question was asked are still those of these answers
        text = json.dumps(said if self.privacy is not None else said[:-1])
        return hashlib.sha256(text.encode()).hexdigest()

    def applied(self, run: schema.Episode) -> schema.Episode:
        """The run with people's outcome in place of what its file said."""
        if self.outcome is None:
            return run
        score = (self.outcome + 1) / 2
        success = None if self.outcome == 0 else self.outcome > 0
        return replace(run, outcome=replace(run.outcome, score=score, success=success))

    def social(self, steps: int) -> Social | None:
        """None where nobody answered."""
        said = (self.preference, self.harm, self.privacy)
        if all(answer is None for answer in said):
            return None
        return Social(
            preference=self.preference,
            harm=_at_the_end(self.harm, steps),
            privacy=_at_the_end(self.privacy, steps),
            coverage="annotator",
        )


def _at_the_end(answer: bool | None, steps: int) -> tuple[float, ...] | None:
    """It is asked of the whole episode, so the last step answers for it."""
    return None if answer is None else (*[0.0] * (steps - 1), float(answer))


def inputs(episodes: Sequence[Episode]) -> dict[uuid.UUID, Inputs]:
    """Runs with people's answers applied, ready to be scored; all of one project."""
    answers = Answers.of(episodes)
    runs = {row.pk: answers[row.pk].applied(row.to_schema()) for row in episodes}
    return {pk: (run, answers[pk].social(len(run.steps))) for pk, run in runs.items()}
