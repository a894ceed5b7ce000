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

    @classmethod
    def of(cls, episodes: Sequence[Episode]) -> dict[uuid.UUID, Self]:
        """The answers agreed on, one an episode of the same project."""
        if not episodes:
            return {}
        ids = [episode.pk for episode in episodes]
        agreed = consensus.verdicts(episodes[0].project, episode_ids=ids)
        found = {
            row.episode_id: cls(row.outcome, row.preference, row.harm) for row in agreed
        }
        return {pk: found.get(pk, cls()) for pk in ids}

    @property
    def sha256(self) -> str:
        """Identity of the labels a score drew upon."""
        text = json.dumps([self.outcome, self.preference, self.harm])
        return hashlib.sha256(text.encode()).hexdigest()

    def applied(self, run: schema.Episode) -> schema.Episode:
        """The run with people's outcome in place of what its file said."""
        if self.outcome is None:
            return run
        score = (self.outcome + 1) / 2
        success = None if self.outcome == 0 else self.outcome > 0
        return replace(run, outcome=replace(run.outcome, score=score, success=success))

    def social(self, steps: int) -> Social | None:
        """Harm is asked of the whole episode, so its last step answers for it."""
        if self.preference is None and self.harm is None:
            return None
        harm = None if self.harm is None else (*[0.0] * (steps - 1), float(self.harm))
        return Social(preference=self.preference, harm=harm, coverage="annotator")


def inputs(episodes: Sequence[Episode]) -> dict[uuid.UUID, Inputs]:
    """Runs with people's answers applied, ready to be scored; all of one project."""
    answers = Answers.of(episodes)
    runs = {row.pk: answers[row.pk].applied(row.to_schema()) for row in episodes}
    return {pk: (run, answers[pk].social(len(run.steps))) for pk, run in runs.items()}
