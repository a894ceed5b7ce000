"""A lexical look at the agent's manners: how probable is it that a reply is abusive?

The words are weighed by alt-profanity-check (a linear model over words, its weights in
the package), calibrated by Platt's scaling on 2,492 rated comments and chat turns. Of
what it gives P >= .5, .84 are abusive, not .90: enough to cap what being liked can
earn, too little to charge anybody.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from scoring.rewards.evidence import Passage, spoken
from scoring.rewards.rules import SocialRule
from scoring.rewards.social import Social
from scoring.schema import Episode

THRESHOLD = 0.5
SLOPE, INTERCEPT = 0.51, -0.465  # of the calibrated log-odds; see docs/rewards.md


def looked_at(
    episode: Episode, social: Social, rule: SocialRule
) -> tuple[Social, dict[str, Any]]:
    """What is known of an episode's manners once the detectors have looked, and the
    worst reply as evidence.

    A rude reply sets the tone, a ceiling of 1 - P(rude), where nobody else has.
    """
    passages = [passage for step in episode.steps for passage in spoken(step)]
    if "rude" not in rule.detectors or not passages:
        return social, {}
    probabilities = rude(passages)
    worst = max(range(len(passages)), key=probabilities.__getitem__)
    found = _evidence(passages[worst], probabilities[worst])
    if social.coverage == "none":
        social = replace(social, coverage="lexical")
    if social.tone is None and probabilities[worst] >= THRESHOLD:
        social = replace(social, tone=1 - probabilities[worst])
    return social, {"rude": found}


def rude(passages: Sequence[Passage]) -> list[float]:
    """P(abusive) of each passage, in [0, 1]."""
    raw = _words_model()([passage.text for passage in passages])
    return [_calibrated(float(probability)) for probability in raw]


def _calibrated(probability: float) -> float:
    odds = max(1e-6, probability) / max(1e-6, 1 - probability)
    return 1 / (1 + math.exp(-SLOPE * math.log(odds) - INTERCEPT))


def _evidence(passage: Passage, probability: float) -> dict[str, Any]:
    return {
        "probability": probability,
        "pointer": passage.pointer,
        "start": 0,
        "end": len(passage.text),
    }


@cache
def _words_model() -> Any:
    # it unpacks its vocabulary when it is imported
    from profanity_check import predict_prob

    return predict_prob
