"""Four families, one number: final, process, auxiliary and social rewards combined."""

from scoring.rewards.advantages import METHODS, advantages, step_rewards
from scoring.rewards.combination import DEFAULT, combine, combine_many
from scoring.rewards.episodes import score
from scoring.rewards.margin import Margin
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

__all__ = [
    "COLUMNS",
    "DEFAULT",
    "FAMILIES",
    "METHODS",
    "Margin",
    "Signals",
    "Social",
    "Spec",
    "advantages",
    "built_in",
    "check_successor",
    "combine",
    "combine_many",
    "json_schema",
    "named",
    "score",
    "step_rewards",
]
