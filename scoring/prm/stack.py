"""Fitting the mixers: what each opinion says of tasks it has not learned from.

A mixer that heard the opinions' words on their own training steps would trust them far
too much. So every opinion is fitted once more for each fold of whole tasks, speaks of
the steps of that fold only, and the mixer learns from that (stacking, Wolpert 1992).

What the penalty draws it to is not silence but the weighed sum of both opinions: with
little data the mixer adds next to nothing to them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn.functional import cross_entropy

from scoring.prm import mixing
from scoring.prm.descent import Parameters
from scoring.prm.design import Sparse, product
from scoring.prm.fit import (
    MAX_FOLDS,
    Pace,
    Recipe,
    Rows,
    bootstrap,
    crossfit,
    folds,
    loss_of,
    risk,
)
from scoring.prm.heads import Head
from scoring.prm.mixing import HIDDEN, Mixer, Words
from scoring.prm.words import BUCKETS

WORD_PENALTIES = (3e-4, 3e-5)  # the strongest first: see `fit`
WORD_EPOCHS = 60
MIXER_PENALTIES = (1e-2, 3e-2, 1e-1, 3e-1, 1.0)
TRUST = (0.7, 0.3)  # in trunk and words, unless the data says otherwise
MIXER_EPOCHS = 60

Counted = Sequence[Sequence[tuple[Tensor, Tensor]]]  # per episode and step


def most_epochs(recipe: Recipe) -> int:
    """Of an opinion and a mixer, as `Pace` counts them."""
    words = 1 + MAX_FOLDS * len(WORD_PENALTIES)
    mixers = recipe.members + MAX_FOLDS * len(MIXER_PENALTIES)
    return recipe.crossfit_epochs + recipe.epochs * (words + mixers)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A head's two experts, fitted on everything, and their logits out of fold: one
    [T, C] an episode each."""

    head: Head
    words: Words
    trunk_logits: Sequence[Tensor]
    words_logits: Sequence[Tensor]


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mixer, the logits [T, C] it gives out of fold, one an episode, and its loss
    there beside the loss of saying the base rates."""

    mixer: Mixer
    logits: Sequence[Tensor]
    penalty: float
    loss: float
    base_loss: float


def opinion(
    rows: Rows, counted: Counted, recipe: Recipe, pace: Pace, checkpoints: Path
) -> Opinion:
    """Fit a head's experts. Finished descents are kept under `checkpoints`."""
    head, trunk_logits = crossfit(rows, recipe, pace, checkpoints / "trunk")
    words, words_logits = _words(rows, counted, recipe, pace, checkpoints / "words")
    return Opinion(head, words, trunk_logits, words_logits)


def mixed(
    name: str,
    rows: Rows,
    opinions: Mapping[str, Opinion],
    cues: Sequence[Tensor],
    recipe: Recipe,
    pace: Pace,
    checkpoints: Path,
) -> Mixed:
    """Fit the mixer of head `name` on what `opinions` say out of fold."""
    flat = torch.cat(
        [mixing.inputs(name, _heard(opinions, i), part) for i, part in enumerate(cues)]
    )
    learned = flat[rows.flat]
    centre = learned.mean(0)
    scale = learned.std(0, correction=0).clamp_min(1e-3)
    standard = ((flat - centre) / scale).clamp(-mixing.CLIP, mixing.CLIP)
    said = _Said.of(recipe.classes, centre, scale)
    fits = _Mixers(rows, standard, said, recipe, pace, checkpoints)
    penalty, held_out, loss = fits.chosen()
    members = [
        said.merged(fits.fitted(f"member-{k}", weight, penalty, k))
        for k, weight in enumerate(bootstrap(rows, recipe))
    ]
    mixer = Mixer(
        centre=centre,
        scale=scale,
        temperature=torch.ones(1),
        **{key: torch.stack([m[key] for m in members]) for key in _SHAPES},
    )
    logits = torch.split(held_out, [len(part) for part in cues])
    return Mixed(mixer, logits, penalty, loss, _base_loss(rows))


def _heard(opinions: Mapping[str, Opinion], i: int) -> mixing.Opinions:
    return {
        name: (said.trunk_logits[i], said.words_logits[i])
        for name, said in opinions.items()
    }


_SHAPES = ("hidden", "shift", "out", "straight", "bias")


@dataclass(frozen=True, slots=True)
class _Said:
    """Where a head's two experts stand among standardised inputs: their logits are
    inputs @ `straight` [2, F, C] + `bias` [2, C]."""

    straight: Tensor
    bias: Tensor

    @classmethod
    def of(cls, classes: int, centre: Tensor, scale: Tensor) -> "_Said":
        straight = torch.zeros(2, len(scale), classes)
        # a head hears itself first: the story of its trunk, then that of its words
        places = [range(start, start + classes) for start in (0, classes + 3)]
        for expert, place in zip(straight, places, strict=True):
            expert[place, range(classes)] = scale[list(place)]
        return cls(straight, torch.stack([centre[list(place)] for place in places]))

    def merged(self, parameters: Parameters) -> Parameters:
        """The same network with the experts' share inside its straight connection."""
        trust = parameters["trust"]
        straight = torch.einsum("e,efc->fc", trust, self.straight)
        return {
            **{key: parameters[key] for key in ("hidden", "shift", "out")},
            "straight": parameters["straight"] + straight,
            "bias": parameters["bias"] + trust @ self.bias,
        }


@dataclass(slots=True)
class _Mixers:
    """The networks of one mixer, on standardised inputs [N, F] of all steps."""

    rows: Rows
    standard: Tensor
    said: _Said
    recipe: Recipe
    pace: Pace
    checkpoints: Path

    def chosen(self) -> tuple[float, Tensor, float]:
        """The penalty that loses least out of fold, what it says there of every step
        [N, C], and the loss."""
        found = [(*self._held_out(penalty), penalty) for penalty in MIXER_PENALTIES]
        loss, logits, penalty = min(found, key=lambda row: row[0])
        return penalty, logits, loss

    def fitted(
        self, name: str, weight: Tensor, penalty: float, seed: int
    ) -> Parameters:
        target, inputs = self.rows.target, self.standard[self.rows.flat]

        def loss(parameters: Parameters) -> Tensor:
            logits = _network(self.said.merged(parameters), inputs)
            losses = cross_entropy(logits, target, reduction="none")
            squares = sum(parameters[key].square().sum() for key in _DECAYED)
            # held as well: where classes part cleanly it would grow without end
            strayed = (parameters["trust"] - torch.tensor(TRUST)).square().sum()
            return (losses * weight).sum() / weight.sum() + penalty * (
                squares + strayed
            )

        path = self.checkpoints / f"{name}.safetensors"
        return self.pace.descend(self._start(seed), loss, MIXER_EPOCHS, path)

    def _held_out(self, penalty: float) -> tuple[float, Tensor]:
        logits = torch.zeros(len(self.standard), self.recipe.classes)
        everywhere = folds(self.rows)
        for fold in range(int(everywhere.max()) + 1):
            held = everywhere == fold
            weight = self.rows.weight * ~held[self.rows.flat]
            fitted = self.fitted(f"penalty-{penalty}-{fold}", weight, penalty, 0)
            logits[held] = _network(self.said.merged(fitted), self.standard[held])
        return loss_of(self.rows, logits), logits

    def _start(self, seed: int) -> Parameters:
        generator = torch.Generator().manual_seed(self.recipe.seed * 1000 + seed)
        features, classes = self.standard.shape[1], self.recipe.classes
        drawn = torch.randn(features, HIDDEN, generator=generator)
        return {
            "hidden": drawn / math.sqrt(features),
            "shift": torch.zeros(HIDDEN),
            "out": torch.zeros(HIDDEN, classes),
            "straight": torch.zeros(features, classes),
            "bias": torch.zeros(classes),
            "trust": torch.tensor(TRUST),
        }


_DECAYED = ("hidden", "out", "straight")


def _network(parameters: Parameters, inputs: Tensor) -> Tensor:
    active = torch.tanh(inputs @ parameters["hidden"] + parameters["shift"])
    straight = inputs @ parameters["straight"]
    return active @ parameters["out"] + straight + parameters["bias"]


def _words(
    rows: Rows, counted: Counted, recipe: Recipe, pace: Pace, checkpoints: Path
) -> tuple[Words, list[Tensor]]:
    """The words' expert and its logits out of fold."""
    steps = [step for episode in counted for step in episode]
    fits = _Wordings(rows, _Vocabulary(steps, rows.flat), recipe, pace, checkpoints)
    tried = fits.held_out()
    penalty = min(tried, key=lambda p: loss_of(rows, tried[p]))
    whole = fits.fitted("whole", rows.weight, penalty)
    words = fits.vocabulary.words(whole["weight"], whole["bias"])
    return words, list(
        torch.split(tried[penalty], [len(episode) for episode in counted])
    )


class _Vocabulary:
    """The buckets that training steps hit, and every step as a sparse row of them."""

    def __init__(self, steps: Sequence[tuple[Tensor, Tensor]], judged: Tensor) -> None:
        learned = [steps[i] for i in judged.tolist()]
        frequency = torch.bincount(
            torch.cat([places for places, _ in learned]), minlength=BUCKETS
        )
        # smoothed inverse document frequencies
        self._rarity = ((1 + len(learned)) / (1 + frequency)).log() + 1
        self._known = frequency.nonzero()[:, 0]
        self.matrix = Sparse(self._rows(steps))
        self.learned = Sparse(self._rows(learned))

    def words(self, weight: Tensor, bias: Tensor) -> Words:
        everywhere = torch.zeros(BUCKETS, weight.shape[1])
        everywhere[self._known] = weight
        return Words(self._rarity, everywhere, bias)

    def _rows(self, steps: Sequence[tuple[Tensor, Tensor]]) -> csr_array:
        """Weighed and normalised counts, sparse: [N, known buckets]."""
        column = torch.full((BUCKETS,), -1).index_put(
            (self._known,), torch.arange(len(self._known))
        )
        values = [counts * self._rarity[places] for places, counts in steps]
        values = [v / v.square().sum().sqrt().clamp_min(1e-12) for v in values]
        lengths = torch.tensor([len(v) for v in values])
        owner = torch.arange(len(steps)).repeat_interleave(lengths)
        columns = column[torch.cat([places for places, _ in steps])]
        known = columns >= 0
        place = (owner[known].numpy(), columns[known].numpy())
        shape = (len(steps), len(self._known))
        return csr_array((torch.cat(values)[known].numpy(), place), shape=shape)


@dataclass(slots=True)
class _Wordings:
    """The words' models of one head."""

    rows: Rows
    vocabulary: _Vocabulary
    recipe: Recipe
    pace: Pace
    checkpoints: Path

    def fitted(
        self,
        name: str,
        weight: Tensor,
        penalty: float,
        start: Parameters | None = None,
    ) -> Parameters:
        learned, target = self.vocabulary.learned, self.rows.target

        def loss(parameters: Parameters) -> Tensor:
            logits = product(learned, parameters["weight"]) + parameters["bias"]
            return risk(parameters, logits, target, weight, penalty)

        classes = self.recipe.classes
        start = start or {
            "weight": torch.zeros(learned.features, classes),
            "bias": torch.zeros(classes),
        }
        path = self.checkpoints / f"{name}.safetensors"
        return self.pace.descend(start, loss, WORD_EPOCHS, path)

    def held_out(self) -> dict[float, Tensor]:
        """By penalty, what is said of every step without its fold: [N, C]."""
        everywhere = folds(self.rows)
        shape = len(everywhere), self.recipe.classes
        logits = {penalty: torch.zeros(shape) for penalty in WORD_PENALTIES}
        for fold in range(int(everywhere.max()) + 1):
            held, found = everywhere == fold, None
            weight = self.rows.weight * ~held[self.rows.flat]
            for penalty in WORD_PENALTIES:
                label = f"penalty-{penalty}-{fold}"
                found = self.fitted(label, weight, penalty, found)
                said = self.vocabulary.matrix.forward(found["weight"]) + found["bias"]
                logits[penalty][held] = said[held]
        return logits


def _base_loss(rows: Rows) -> float:
    """What saying the same of every step would lose: the entropy of the labels."""
    shares = torch.zeros(int(rows.target.max()) + 1)
    shares = shares.index_add(0, rows.target, rows.weight.float()) / rows.weight.sum()
    return float(-(shares * shares.clamp_min(1e-12).log()).sum())
