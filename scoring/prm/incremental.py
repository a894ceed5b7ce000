"""A step's score from its states, and what the steps after it need to know of it.

Heads, words and mixers look back: at the mean of what was said before, at the highest
doubt so far. That past is a few kilobytes, so a run that grows goes on from it, and
whoever scores a run whole takes the same steps in the same order: the same bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from scoring.detection import AXES, Detection
from scoring.prm import readout, social
from scoring.prm.card import Model
from scoring.prm.evidence import Locate
from scoring.prm.mixing import HEARS, Told
from scoring.prm.words import counted

Stories = Mapping[str, tuple[Told, Told]]  # of a judged head's trunk and words


@dataclass(frozen=True, slots=True)
class StepScore:
    """`q` is P(step not wrong), `q_std` the members' spread, `verdict` P(−1, 0, +1),
    `value` P(success), None without such a head; `social` by axis."""

    q: float
    q_std: float
    verdict: tuple[float, float, float]
    value: float | None
    social: Mapping[str, Detection] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Past:
    """What the steps so far leave to the next one, by head."""

    pools: Mapping[str, readout.Past]
    stories: Stories

    @classmethod
    def none(cls, model: Model) -> "Past":
        pools = {n: readout.Past.none(head.query) for n, head in model.heads.items()}
        return cls(pools, dict.fromkeys(model.judges, (Told(), Told())))

    @property
    def bytes(self) -> int:
        """Roughly."""
        totals = sum(past.total.nbytes for past in self.pools.values())
        return totals + 400 * (len(self.pools) + len(self.stories)) + 400


@dataclass(frozen=True, slots=True)
class Seen:
    """A step as it is read: the trunk's states of its own tokens [L, d], these tokens,
    and its cues."""

    states: Tensor
    token_ids: Sequence[int]
    cues: Sequence[float]


@dataclass(frozen=True, slots=True)
class Heard:
    """What all heads make of a step: `logits` of the judged ones before calibration
    [K, C], `vectors` [VIEWS * r] and the projected `tokens` [L, r] they are made of."""

    logits: Mapping[str, Tensor]
    vectors: Mapping[str, Tensor]
    tokens: Tensor


@torch.inference_mode()
def hear(model: Model, step: Seen, past: Past) -> tuple[Heard, Past]:
    """What the heads say of the next step, and the past of the one after it."""
    tokens = model.basis.project(step.states)
    joined = {
        name: past.pools[name].then(tokens, head.query)
        for name, head in model.heads.items()
    }
    vectors = {name: vector for name, (vector, _) in joined.items()}
    rows, stories = _opinions(model, vectors, step.token_ids, past.stories)
    logits = dict[str, Tensor]()
    for name, judge in model.judges.items():
        inputs = [number for heard in HEARS[name] for number in rows[heard]]
        logits[name] = judge.mixer.logits(torch.tensor([[*inputs, *step.cues]]))[0]
    after = Past({name: pool for name, (_, pool) in joined.items()}, stories)
    return Heard(logits, vectors, tokens), after


def judged(model: Model, logits: Mapping[str, Tensor]) -> StepScore:
    """The calibrated score that the judges' logits [K, C] make."""
    members = {
        name: torch.softmax(part / model.judges[name].mixer.temperature, -1)
        for name, part in logits.items()
    }
    wrong, neutral, right = members["verdict"].mean(0).tolist()
    return StepScore(
        q=1 - wrong,
        q_std=float(members["verdict"][:, 0].std(correction=0)),
        verdict=(wrong, neutral, right),
        value=float(members["value"][:, 1].mean()) if "value" in members else None,
    )


@torch.inference_mode()
def detected(
    model: Model, heard: Heard, t: int, locate: Locate | None
) -> dict[str, Detection]:
    """What the social heads say of step t."""
    return {
        name: social.detect(heard.tokens, heard.vectors[name], head, t, locate)
        for name, head in model.heads.items()
        if name in AXES
    }


def _opinions(
    model: Model,
    vectors: Mapping[str, Tensor],
    token_ids: Sequence[int],
    stories: Stories,
) -> tuple[dict[str, list[float]], Stories]:
    """For each judged head the story of its trunk's and its words' logits at this
    step, and the stories so far."""
    grams = counted(token_ids)
    rows, after = dict[str, list[float]](), dict[str, tuple[Told, Told]]()
    for name, judge in model.judges.items():
        trunk, words = stories[name]
        by_trunk, trunk = trunk.then(
            model.heads[name].logits(vectors[name][None])[0, 0]
        )
        by_words, words = words.then(judge.words.logits(grams))
        rows[name], after[name] = [*by_trunk, *by_words], (trunk, words)
    return rows, after
