"""Fitting one head on the frozen trunk: the query, then the penalty, then the members.

1. The attention query is learned together with a throw-away linear read-out.
2. Vectors pooled with it are fixed from there on, so the rest is convex: multinomial
   logistic regression, whose L2 penalty is chosen by cross-validation by task.
3. K members are fitted at once, each on tasks reweighted by the Bayesian bootstrap
   (Rubin 1981): unlike drawing tasks, it never loses the only task with an error.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from scoring.prm.descent import Parameters, Schedule, descend
from scoring.prm.heads import Head
from scoring.prm.readout import VIEWS, pool

PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
MAX_FOLDS = 5
PARTS = 3  # query, penalty, members

Report = Callable[[int, float], None]


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
    """What is fixed while a head is fitted. `epochs` counts each of the three parts."""

    classes: int
    members: int
    epochs: int
    seed: int


def fit(rows: Rows, recipe: Recipe, checkpoints: Path, report: Report) -> Head:
    """Fit a head; `report(epochs done, loss)` covers PARTS * recipe.epochs."""
    query = _query(rows, recipe, checkpoints / "query.safetensors", report)
    vectors = rows.vectors(query)
    mean, scale = vectors.mean(0), vectors.std(0, correction=0).clamp_min(1e-3)
    linear = _Linear((vectors - mean) / scale, rows.target, recipe)

    def later(parts: int) -> Report:
        return lambda epoch, loss: report(parts * recipe.epochs + epoch, loss)

    path = checkpoints / "penalty.safetensors"
    penalty = _penalty(linear, rows, path, later(1))
    path = checkpoints / "members.safetensors"
    weights = _bootstrap(rows, recipe)
    penalties = torch.full((recipe.members,), penalty)
    fitted = linear.fit(weights, penalties, path, later(2))
    weight = fitted["weight"] / scale[:, None]
    bias = fitted["bias"] - torch.einsum("f,kfc->kc", mean, weight)
    return Head(query, weight.contiguous(), bias, torch.ones(1), penalty)


@dataclass(frozen=True, slots=True)
class _Linear:
    """Many logistic regressions on the same rows, as one descent."""

    vectors: Tensor  # [S, F], standardised
    target: Tensor  # [S]
    recipe: Recipe

    def fit(
        self, weights: Tensor, penalties: Tensor, checkpoint: Path, report: Report
    ) -> Parameters:
        """One model a row of `weights` [B, S], with its own penalty [B]."""
        models, features = len(weights), self.vectors.shape[1]
        start = {
            "weight": torch.zeros(models, features, self.recipe.classes),
            "bias": torch.zeros(models, self.recipe.classes),
        }
        shares = weights / weights.sum(1, keepdim=True)

        def loss(parameters: Parameters) -> Tensor:
            squares = parameters["weight"].square().sum((1, 2))
            risk = (shares * self.losses(parameters)).sum(1)
            return (risk + penalties * squares / 2).sum()

        schedule = Schedule(self.recipe.epochs, rate=0.03)
        watch = _watch(report, models)
        return descend(start, loss, schedule, checkpoint, watch)

    def losses(self, parameters: Parameters) -> Tensor:
        """Cross-entropy of every row under every model: [B, S]."""
        models, features, classes = parameters["weight"].shape
        flat = parameters["weight"].transpose(0, 1).reshape(features, -1)
        logits = (self.vectors @ flat).view(-1, models, classes) + parameters["bias"]
        target = self.target[:, None].expand(-1, models)
        losses = cross_entropy(logits.movedim(2, 1), target, reduction="none")
        return losses.T


def _penalty(linear: _Linear, rows: Rows, checkpoint: Path, report: Report) -> float:
    """The penalty with the lowest held-out loss over folds of whole tasks."""
    folds = min(MAX_FOLDS, int(rows.task.max()) + 1)
    held_out = torch.stack([rows.task % folds == fold for fold in range(folds)])
    masks = held_out.repeat_interleave(len(PENALTIES), dim=0)
    penalties = torch.tensor(PENALTIES).repeat(folds)
    fitted = linear.fit(rows.weight * ~masks, penalties, checkpoint, report)
    risks = (linear.losses(fitted) * rows.weight * masks).sum(1)
    return PENALTIES[int(risks.view(folds, -1).sum(0).argmin())]


def _bootstrap(rows: Rows, recipe: Recipe) -> Tensor:
    """[K, S] weights: every task drawn from an exponential distribution of mean 1."""
    generator = torch.Generator().manual_seed(recipe.seed)
    tasks = int(rows.task.max()) + 1
    drawn = torch.empty(recipe.members, tasks).exponential_(generator=generator)
    return rows.weight * drawn[:, rows.task]


def _query(rows: Rows, recipe: Recipe, checkpoint: Path, report: Report) -> Tensor:
    """Learn which tokens of a step to attend to, starting from all alike."""
    steps = [rows.episodes[i][t] for i, t in rows.place]
    tokens = torch.cat(steps)
    owner = torch.arange(len(steps)).repeat_interleave(
        torch.tensor([len(step) for step in steps])
    )
    rank = tokens.shape[1]
    shares = rows.weight / rows.weight.sum()

    def loss(parameters: Parameters) -> Tensor:
        scores = tokens @ parameters["query"] * _STRIDE
        attended = _attended(tokens, scores, owner, len(steps))
        logits = attended @ parameters["weight"] + parameters["bias"]
        risk = (cross_entropy(logits, rows.target, reduction="none") * shares).sum()
        squares = parameters["weight"].square().sum()
        return risk + 0.01 * squares + 0.001 * parameters["query"].square().sum()

    start = {
        "query": torch.zeros(rank),
        "weight": torch.zeros(rank, recipe.classes),
        "bias": torch.zeros(recipe.classes),
    }
    schedule = Schedule(recipe.epochs, rate=0.02)
    fitted = descend(start, loss, schedule, checkpoint, _watch(report, 1))
    return fitted["query"] * _STRIDE * math.sqrt(rank)


# how much faster than the read-out the query moves: it starts from nothing
_STRIDE = 3.0


def _attended(tokens: Tensor, scores: Tensor, owner: Tensor, steps: int) -> Tensor:
    """Softmax-weighted mean of each owner's tokens: [N, r] to [steps, r]."""
    top = torch.full((steps,), -torch.inf).scatter_reduce(0, owner, scores, "amax")
    weight = (scores - top.detach()[owner]).exp()
    total = torch.zeros(steps).index_add(0, owner, weight)
    share = (weight / total[owner])[:, None]
    return torch.zeros(steps, tokens.shape[1]).index_add(0, owner, tokens * share)


def _watch(report: Report, models: int) -> Callable[[int, float, Parameters], None]:
    return lambda epoch, loss, _: report(epoch, loss / models)
