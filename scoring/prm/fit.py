"""Fitting one head on the frozen trunk: the query, then the penalty, then the members.

1. The attention query is learned together with a throw-away linear read-out.
2. Vectors pooled with it are fixed from there on, so the rest is convex: multinomial
   logistic regression, whose L2 penalty is chosen by cross-validation by task.
3. K members are fitted, each on tasks reweighted by the Bayesian bootstrap (Rubin
   1981): unlike drawing tasks, it never loses the only task with an error.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from scoring.prm.descent import Parameters, descend
from scoring.prm.heads import Head
from scoring.prm.readout import VIEWS, pool

PENALTIES = (0.03, 0.1, 0.3, 1.0)
QUERY_PENALTY = 0.1
QUERY_EPOCHS = 30  # each reads every token, and more only overfit
MAX_FOLDS = 4

# (epochs done of this head, the loss, the epoch of the present descent)
Report = Callable[[int, float, int], None]


@dataclass(frozen=True, slots=True)
class Rows:
    """The judged steps of one head.

    `episodes[i][t]` are the projected tokens [L, r] of every step, judged or not;
    `place[s]` = (i, t) of row s, `target[s]` its class, `weight[s]` its share in the
    loss, `task[s]` the rank of its task's hash.
    """

    episodes: Sequence[Sequence[Tensor]]
    place: Sequence[tuple[int, int]]
    target: Tensor  # [S]
    weight: Tensor  # [S]
    task: Tensor  # [S]

    def vectors(self, query: Tensor) -> Tensor:
        """[S, VIEWS * r]"""
        if not self.place:
            return torch.empty(0, VIEWS * len(query))
        pooled = [pool(steps, query) for steps in self.episodes]
        return torch.stack([pooled[i][t] for i, t in self.place])


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is fixed while a head is fitted; `epochs` bounds each of its descents."""

    classes: int
    members: int
    epochs: int
    seed: int

    @property
    def most_epochs(self) -> int:
        """Of the whole fit; a descent that converges early skips the rest of it."""
        return self.epochs * (1 + MAX_FOLDS * len(PENALTIES) + self.members)


def fit(rows: Rows, recipe: Recipe, checkpoints: Path, report: Report) -> Head:
    """Fit a head. Every finished descent is kept under `checkpoints` and not repeated;
    `report` is called at every epoch and may raise to stop."""
    fits = _Fits(rows, recipe, checkpoints, report)
    query = fits.query()
    vectors = rows.vectors(query)
    mean, scale = vectors.mean(0), vectors.std(0, correction=0).clamp_min(1e-3)
    standard = (vectors - mean) / scale
    penalty = fits.penalty(standard)
    members = [
        fits.linear(f"member-{k}", standard, weight, penalty)
        for k, weight in enumerate(_bootstrap(rows, recipe))
    ]
    weight = torch.stack([member["weight"] for member in members]) / scale[:, None]
    bias = torch.stack([member["bias"] for member in members])
    bias = bias - torch.einsum("f,kfc->kc", mean, weight)
    return Head(query, weight.contiguous(), bias, torch.ones(1), penalty)


@dataclass(slots=True)
class _Fits:
    """The descents of one head, counted."""

    rows: Rows
    recipe: Recipe
    checkpoints: Path
    report: Report
    done: int = 0

    def query(self) -> Tensor:
        """Learn which tokens of a step to attend to, starting from all alike."""
        rows = self.rows
        steps = [rows.episodes[i][t] for i, t in rows.place]
        lengths = torch.tensor([len(step) for step in steps])
        owner = torch.arange(len(steps)).repeat_interleave(lengths)
        tokens, rank = torch.cat(steps), steps[0].shape[1]

        def loss(parameters: Parameters) -> Tensor:
            scores = tokens @ parameters["query"]
            attended = _attended(tokens, scores, owner, len(steps))
            squares = parameters["query"].square().sum() * QUERY_PENALTY / 2
            risk = _risk(parameters, attended, rows.target, rows.weight, QUERY_PENALTY)
            return risk + squares

        start = {"query": torch.zeros(rank), **self._nothing(rank)}
        epochs = min(QUERY_EPOCHS, self.recipe.epochs)
        query = self._descend("query", start, loss, epochs)["query"]
        return query * math.sqrt(rank)

    def penalty(self, vectors: Tensor) -> float:
        """The penalty with the lowest held-out loss over folds of whole tasks."""
        risks = [
            sum(self._held_out(vectors, penalty, fold) for fold in self._folds())
            for penalty in PENALTIES
        ]
        return PENALTIES[risks.index(min(risks))]

    def linear(
        self, name: str, vectors: Tensor, weight: Tensor, penalty: float
    ) -> Parameters:
        """One penalised logistic regression of the targets on `vectors` [S, F]."""

        def loss(parameters: Parameters) -> Tensor:
            return _risk(parameters, vectors, self.rows.target, weight, penalty)

        start = self._nothing(vectors.shape[1])
        return self._descend(name, start, loss, self.recipe.epochs)

    def _held_out(self, vectors: Tensor, penalty: float, held: Tensor) -> float:
        name = f"penalty-{penalty}-{int(held.nonzero()[0])}"
        weight = self.rows.weight * ~held
        fitted = self.linear(name, vectors, weight, penalty)
        logits = vectors[held] @ fitted["weight"] + fitted["bias"]
        losses = cross_entropy(logits, self.rows.target[held], reduction="none")
        return float((losses * self.rows.weight[held]).sum())

    def _folds(self) -> Iterator[Tensor]:
        folds = min(MAX_FOLDS, int(self.rows.task.max()) + 1)
        yield from (self.rows.task % folds == fold for fold in range(folds))

    def _nothing(self, features: int) -> Parameters:
        classes = self.recipe.classes
        return {"weight": torch.zeros(features, classes), "bias": torch.zeros(classes)}

    def _descend(
        self,
        name: str,
        start: Parameters,
        loss: Callable[[Parameters], Tensor],
        epochs: int,
    ) -> Parameters:
        path = self.checkpoints / f"{name}.safetensors"
        before, self.done = self.done, self.done + self.recipe.epochs

        def watch(epoch: int, value: float) -> None:
            self.report(before + epoch, value, epoch)

        return descend(start, loss, epochs, path, watch)


def _risk(
    parameters: Parameters,
    vectors: Tensor,
    target: Tensor,
    weight: Tensor,
    penalty: float,
) -> Tensor:
    """Weighted mean cross-entropy plus the ridge."""
    logits = vectors @ parameters["weight"] + parameters["bias"]
    losses = cross_entropy(logits, target, reduction="none")
    ridge = parameters["weight"].square().sum() * penalty / 2
    return (losses * weight).sum() / weight.sum() + ridge


def _attended(tokens: Tensor, scores: Tensor, owner: Tensor, steps: int) -> Tensor:
    """Softmax-weighted mean of each owner's tokens: [N, r] to [steps, r]."""
    top = torch.full((steps,), -torch.inf)
    top = top.scatter_reduce(0, owner, scores.detach(), "amax")
    weight = (scores - top[owner]).exp()
    total = torch.zeros(steps).index_add(0, owner, weight)
    share = (weight / total[owner])[:, None]
    return torch.zeros(steps, tokens.shape[1]).index_add(0, owner, tokens * share)


def _bootstrap(rows: Rows, recipe: Recipe) -> Tensor:
    """[K, S] weights: every task drawn from an exponential distribution of mean 1."""
    generator = torch.Generator().manual_seed(recipe.seed)
    tasks = int(rows.task.max()) + 1
    drawn = torch.empty(recipe.members, tasks).exponential_(generator=generator)
    return rows.weight * drawn[:, rows.task]
