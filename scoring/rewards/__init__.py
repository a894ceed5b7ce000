"""Four families, one number: final, process, auxiliary and social rewards combined."""

from scoring.rewards.advantages import METHODS, advantages, step_rewards
from scoring.rewards.changes import Change, changes, edited
from scoring.rewards.combination import DEFAULT, combine, combine_many
from scoring.rewards.episodes import score
from scoring.rewards.margin import Margin
from scoring.rewards.reading import Reading, read
from scoring.rewards.scores import prediction_of
from scoring.rewards.signals import Signals
from scoring.rewards.social import Social
from scoring.rewards.spec import (
    COLUMNS,
    FAMILIES,
    Spec,
    built_in,
    check_successor,
    json_schema,
    named,
)
from scoring.rewards.trajectories import trajectories

__all__ = [
    "COLUMNS",
    "DEFAULT",
    "FAMILIES",
    "METHODS",
    "Change",
    "Margin",
    "Reading",
    "Signals",
    "Social",
    "Spec",
    "advantages",
    "built_in",
    "changes",
    "check_successor",
    "combine",
    "combine_many",
    "edited",
    "json_schema",
    "named",
    "prediction_of",
    "read",
    "score",
    "step_rewards",
    "trajectories",
]
