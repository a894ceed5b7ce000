"""A simulated help desk with tools: tasks, an oracle, faulty agents, labelled runs.

Nothing here happened: people, orders and agents are made up, and every Episode says so
in `meta["simulated"]`. It serves as demo data, as the tests' oracle and as load for
benchmarks; no claim about real agents can rest on it. It is a POMDP (hidden database,
rules and wishes; text observations; tools), deterministic by seed.
"""

from scoring.arena.environment import Environment
from scoring.arena.oracle import expert, options, succeeded, verdict
from scoring.arena.rollout import Rollout, rollout
from scoring.arena.runs import Run, generate
from scoring.arena.world import Action, State, act

__all__ = [
    "Action",
    "Environment",
    "Rollout",
    "Run",
    "State",
    "act",
    "expert",
    "generate",
    "options",
    "rollout",
    "succeeded",
    "verdict",
]
