"""Several opinions of a step, weighed by K small networks.

The linear head on the trunk's vector, a linear model on the step's words and the cues
err differently. A mixer reads the first two as logits, with how they stood over the
steps before, and the cues as they are. Each of its K members is one hidden layer beside
a straight connection; their mean is the probability, their spread the uncertainty.
Everything is computed step by step, so a score is bit-equal whatever follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
from torch import Tensor

from scoring.prm.cues import NAMES as CUES
from scoring.prm.heads import CLASSES
from scoring.prm.words import BUCKETS

HIDDEN = 16
CLIP = 5.0  # standard deviations: beyond them an input says no more

# whose opinions a head's mixer hears: a run that went wrong is less likely to succeed
HEARS: Mapping[str, tuple[str, ...]] = {
    "verdict": ("verdict",),
    "value": ("value", "verdict"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """A linear model on hashed n-grams (`words.py`): `rarity` [BUCKETS] are inverse
    document frequencies, `weight` [BUCKETS, C], `bias` [C]."""

    rarity: Tensor
    weight: Tensor
    bias: Tensor

    def logits(self, counted: tuple[Tensor, Tensor]) -> Tensor:
        """Of one step's (buckets, weighed counts): [C]."""
        places, counts = counted
        values = counts * self.rarity[places]
        norm = values.square().sum().sqrt().clamp_min(1e-12)
        return self.bias + torch.einsum("b,bc->c", values / norm, self.weight[places])


@dataclass(frozen=True, slots=True)
class Mixer:
    """K networks over F inputs, standardised by `centre` and `scale`, to C classes."""

    centre: Tensor  # [F]
    scale: Tensor  # [F]
    hidden: Tensor  # [K, F, HIDDEN]
    shift: Tensor  # [K, HIDDEN]
    out: Tensor  # [K, HIDDEN, C]
    straight: Tensor  # [K, F, C]
    bias: Tensor  # [K, C]
    temperature: Tensor  # [1]

    def logits(self, inputs: Tensor) -> Tensor:
        """[T, F] to [T, K, C]."""
        rows = [self._logits(row) for row in self.standard(inputs)]
        return torch.stack(rows) if rows else self.bias.new_empty(0, *self.bias.shape)

    def _logits(self, row: Tensor) -> Tensor:
        active = torch.tanh(torch.einsum("f,kfh->kh", row, self.hidden) + self.shift)
        straight = torch.einsum("f,kfc->kc", row, self.straight)
        return torch.einsum("kh,khc->kc", active, self.out) + straight + self.bias

    def standard(self, inputs: Tensor) -> Tensor:
        return ((inputs - self.centre) / self.scale).clamp(-CLIP, CLIP)

    def probabilities(self, inputs: Tensor) -> Tensor:
        """The members' calibrated probabilities, [T, K, C]."""
        return torch.softmax(self.logits(inputs) / self.temperature, dim=-1)


@dataclass(frozen=True, slots=True)
class Judge:
    """What turns a head's logits into its calibrated probabilities."""

    words: Words
    mixer: Mixer

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor under the name of its part."""
        return {
            f"{name}.{part.name}": getattr(owner, part.name)
            for name, owner in (("words", self.words), ("mixer", self.mixer))
            for part in fields(owner)
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], prefix: str) -> "Judge":
        """The inverse, from a file's tensors. Raises KeyError for a missing one."""
        words = {p.name: tensors[f"{prefix}words.{p.name}"] for p in fields(Words)}
        mixer = {p.name: tensors[f"{prefix}mixer.{p.name}"] for p in fields(Mixer)}
        return cls(Words(**words), Mixer(**mixer))

    def shapes(self, classes: int, width: int) -> list[tuple[int, ...]]:
        """The shapes `tensors` must have, in order, for a head of so many classes."""
        members = len(self.mixer.bias)
        return [
            *((BUCKETS,), (BUCKETS, classes), (classes,)),
            *((width,), (width,), (members, width, HIDDEN), (members, HIDDEN)),
            *((members, HIDDEN, classes), (members, width, classes)),
            *((members, classes), (1,)),
        ]


Opinions = Mapping[str, tuple[Tensor, Tensor]]  # of a head's trunk and words, [T, C]


def inputs(name: str, opinions: Opinions, cues: Tensor) -> Tensor:
    """What the mixer of head `name` reads, [T, F]: for each head it hears, the story of
    its trunk's and of its words' logits, then the cues [T, N]."""
    stories = [story(logits) for heard in HEARS[name] for logits in opinions[heard]]
    return torch.cat([*stories, cues], 1)


def width(name: str) -> int:
    """F of head `name`."""
    return len(CUES) + sum(2 * (len(CLASSES[heard]) + 3) for heard in HEARS[name])


class Told(NamedTuple):
    """The first class's centred logit so far: at the last step, its highest, its sum,
    and over how many steps."""

    last: float = 0.0
    highest: float = 0.0
    total: float = 0.0
    steps: int = 0

    def then(self, logits: Tensor) -> "tuple[list[float], Told]":
        """A row of the story, [C + 3], and what is told after it."""
        row = logits.tolist()
        middle = sum(row) / len(row)
        centred = [logit - middle for logit in row]
        mean = self.total / self.steps if self.steps else 0.0
        first = centred[0]
        highest = max(self.highest, first) if self.steps else first
        after = Told(first, highest, self.total + first, self.steps + 1)
        return [*centred, self.last, self.highest, mean], after


def story(logits: Tensor) -> Tensor:
    """Logits [T, C], centred, then the first class's at the step before, its highest
    and its mean over all steps before: [T, C + 3]."""
    rows, told = list[list[float]](), Told()
    for step in logits:
        row, told = told.then(step)
        rows.append(row)
    return torch.tensor(rows) if rows else logits.new_empty(0, logits.shape[1] + 3)
