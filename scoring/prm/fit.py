"""Fitting one linear head on the frozen trunk: the query, the penalty, the members.

1. The attention query is learned together with a throw-away linear read-out.
2. Vectors pooled with it are fixed from there on, so the rest is convex: multinomial
   logistic regression, whose L2 penalty is chosen by cross-validation by task.
3. K members are fitted, each on tasks reweighted by the Bayesian bootstrap (Rubin
   1981): unlike drawing tasks, it never loses the only task with an error.

`crossfit` fits one member only and says what heads fitted without a task would have
said of it; whether to attend at all is then one more thing cross-validation chooses.

Penalties are tried from the strongest down, each descent starting where the one before
it ended: the minimum is the same, and near.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from scoring.prm.descent import Parameters, descend
from scoring.prm.design import Dense, Design, product
from scoring.prm.heads import Head
from scoring.prm.readout import VIEWS, pool

PENALTIES = (10.0, 3.0, 1.0, 0.3, 0.1)
QUERY_PENALTY = 0.1
QUERY_EPOCHS = 20  # each reads QUERY_TOKENS, and more only overfit
QUERY_TOKENS = 20_000  # enough for r numbers, whatever the size of the data
MAX_FOLDS = 4

# (epochs done of this head, its loss where that tells the head's story, the epoch)
Report = Callable[[int, float | None, int], None]


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

    @property
    def flat(self) -> Tensor:
        """Where each row stands among all steps of all episodes: [S]."""
        lengths = torch.tensor([0, *(len(steps) for steps in self.episodes)])
        start = lengths.cumsum(0).tolist()
        return torch.tensor([start[i] + t for i, t in self.place])

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

    @property
    def crossfit_epochs(self) -> int:
        """The same of `crossfit`."""
        return self.epochs * (2 + MAX_FOLDS * (1 + 2 * len(PENALTIES)))


def fit(rows: Rows, recipe: Recipe, checkpoints: Path, report: Report) -> Head:
    """Fit a head. Every finished descent is kept under `checkpoints` and not repeated;
    `report` is called at every epoch and may raise to stop."""
    fits = _Fits(rows, recipe, Pace(report, recipe.epochs), checkpoints)
    query = fits.query("query", rows.weight)
    vectors, held = fits.pooled(query), _held(rows)
    penalty, *_ = fits.chosen("penalty", [vectors] * len(held), held)
    standard = _Standard(vectors[rows.flat])
    design = Dense(standard.vectors)
    members = [
        fits.linear(f"member-{k}", design, weight, penalty, tell=k == 0)
        for k, weight in enumerate(bootstrap(rows, recipe))
    ]
    return standard.head(query, members, penalty)


def crossfit(
    rows: Rows, recipe: Recipe, pace: "Pace", checkpoints: Path
) -> tuple[Head, list[Tensor]]:
    """One member, fitted on everything, and the logits [T, C] of each episode under
    heads that never saw its task. The query is all zeros where attending to some tokens
    more than to others did not help out of fold."""
    fits, held = _Fits(rows, recipe, pace, checkpoints), _held(rows)
    nowhere = torch.zeros(rows.episodes[0][0].shape[1])
    alike = fits.pooled(nowhere)
    penalty, said, loss = fits.chosen("alike", [alike] * len(held), held)
    attending = [
        fits.pooled(fits.query(f"query-{fold}", rows.weight * ~out[rows.flat]))
        for fold, out in enumerate(held)
    ]
    other = fits.chosen("attending", attending, held)
    query, vectors = nowhere, alike
    if other[2] < loss:
        penalty, said, _ = other
        query = fits.query("query", rows.weight)
        vectors = fits.pooled(query)
    standard = _Standard(vectors[rows.flat])
    design = Dense(standard.vectors)
    member = fits.linear("whole", design, rows.weight, penalty, tell=True)
    head = standard.head(query, [member], penalty)
    return head, list(torch.split(said, [len(steps) for steps in rows.episodes]))


def _held(rows: Rows) -> list[Tensor]:
    """For each fold, which steps are in it: [N] each."""
    everywhere = folds(rows)
    return [everywhere == fold for fold in range(int(everywhere.max()) + 1)]


def folds(rows: Rows) -> Tensor:
    """The fold of every step of every episode, by whole tasks; of an episode without a
    label, the first: [N]."""
    count = min(MAX_FOLDS, int(rows.task.max()) + 1)
    of_episode = [0] * len(rows.episodes)
    for (i, _), task in zip(rows.place, rows.task.tolist(), strict=True):
        of_episode[i] = task % count
    lengths = torch.tensor([len(steps) for steps in rows.episodes])
    return torch.tensor(of_episode).repeat_interleave(lengths)


@dataclass(slots=True)
class Pace:
    """The descents of heads, counted; `epochs` is the most each may take and `head`
    whose turn it is."""

    report: Report
    epochs: int
    done: int = 0
    head: str = ""

    def descend(
        self,
        start: Parameters,
        loss: Callable[[Parameters], Tensor],
        epochs: int,
        path: Path,
        *,
        tell: bool = False,
    ) -> Parameters:
        """One descent; only with `tell` is its loss, the lowest so far, reported."""
        before, self.done = self.done, self.done + self.epochs
        lowest = math.inf

        def watch(epoch: int, value: float) -> None:
            nonlocal lowest
            lowest = min(lowest, value)
            self.report(before + epoch, lowest if tell else None, epoch)

        return descend(start, loss, min(epochs, self.epochs), path, watch)


class _Standard:
    """Vectors [S, F] made comparable, so that one penalty fits all of them."""

    def __init__(self, vectors: Tensor) -> None:
        self._mean = vectors.mean(0)
        self._scale = vectors.std(0, correction=0).clamp_min(1e-3)
        self.vectors = self.of(vectors)

    def of(self, vectors: Tensor) -> Tensor:
        return (vectors - self._mean) / self._scale

    def head(
        self, query: Tensor, members: Sequence[Parameters], penalty: float
    ) -> Head:
        """The head that reads vectors as they come."""
        weight = torch.stack([member["weight"] for member in members])
        weight = weight / self._scale[:, None]
        bias = torch.stack([member["bias"] for member in members])
        bias = bias - torch.einsum("f,kfc->kc", self._mean, weight)
        return Head(query, weight.contiguous(), bias, torch.ones(1), penalty)


@dataclass(slots=True)
class _Fits:
    """The descents of one head."""

    rows: Rows
    recipe: Recipe
    pace: Pace
    checkpoints: Path

    def pooled(self, query: Tensor) -> Tensor:
        """The vectors of all steps of all episodes: [N, VIEWS * r]."""
        return torch.cat([pool(steps, query) for steps in self.rows.episodes])

    def query(self, name: str, weights: Tensor) -> Tensor:
        """Learn which tokens of a step to attend to, starting from all alike."""
        rows, chosen = self.rows, self._first(weights)
        steps = [rows.episodes[i][t] for i, t in (rows.place[s] for s in chosen)]
        target, weight = rows.target[chosen], weights[chosen]
        lengths = torch.tensor([len(step) for step in steps])
        owner = torch.arange(len(steps)).repeat_interleave(lengths)
        tokens, rank = torch.cat(steps), steps[0].shape[1]

        def loss(parameters: Parameters) -> Tensor:
            scores = tokens @ parameters["query"]
            attended = _attended(tokens, scores, owner, len(steps))
            squares = parameters["query"].square().sum() * QUERY_PENALTY / 2
            logits = attended @ parameters["weight"] + parameters["bias"]
            return risk(parameters, logits, target, weight, QUERY_PENALTY) + squares

        start = {"query": torch.zeros(rank), **self._nothing(rank)}
        path = self.checkpoints / f"{name}.safetensors"
        query = self.pace.descend(start, loss, QUERY_EPOCHS, path)["query"]
        return query * math.sqrt(rank)

    def _first(self, weights: Tensor) -> list[int]:
        """The rows of weight that come first, up to QUERY_TOKENS, task by task."""
        chosen, tokens = list[int](), 0
        for s in self.rows.task.argsort(stable=True).tolist():
            i, t = self.rows.place[s]
            if weights[s] > 0 and tokens < QUERY_TOKENS:
                chosen.append(s)
                tokens += len(self.rows.episodes[i][t])
        return chosen

    def chosen(
        self, name: str, views: Sequence[Tensor], held: Sequence[Tensor]
    ) -> tuple[float, Tensor, float]:
        """The penalty with the lowest held-out loss, what heads fitted without a fold
        say of its steps under it [N, C], and that loss; `views[f]` are the vectors of
        all steps under what was learned without fold f."""
        said = {p: torch.zeros(len(views[0]), self.recipe.classes) for p in PENALTIES}
        for fold, (view, out) in enumerate(zip(views, held, strict=True)):
            standard = _Standard(view[self.rows.flat])
            inputs, design = standard.of(view[out]), Dense(standard.vectors)
            weight, found = self.rows.weight * ~out[self.rows.flat], None
            for p in PENALTIES:
                label = f"{name}-{p}-{fold}"
                found = self.linear(label, design, weight, p, found)
                said[p][out] = inputs @ found["weight"] + found["bias"]
        losses = {p: loss_of(self.rows, logits) for p, logits in said.items()}
        best = min(losses, key=losses.__getitem__)
        return best, said[best], losses[best]

    def linear(
        self,
        name: str,
        design: Design,
        weight: Tensor,
        penalty: float,
        start: Parameters | None = None,
        *,
        tell: bool = False,
    ) -> Parameters:
        """One penalised logistic regression of the targets on `design`."""

        def loss(parameters: Parameters) -> Tensor:
            logits = product(design, parameters["weight"]) + parameters["bias"]
            return risk(parameters, logits, self.rows.target, weight, penalty)

        start = start or self._nothing(design.features)
        path = self.checkpoints / f"{name}.safetensors"
        return self.pace.descend(start, loss, self.recipe.epochs, path, tell=tell)

    def _nothing(self, features: int) -> Parameters:
        classes = self.recipe.classes
        return {"weight": torch.zeros(features, classes), "bias": torch.zeros(classes)}


def loss_of(rows: Rows, logits: Tensor) -> float:
    """Weighted mean cross-entropy of the judged rows; `logits` [N, C] of all steps."""
    losses = cross_entropy(logits[rows.flat], rows.target, reduction="none")
    return float((losses * rows.weight).sum() / rows.weight.sum())


def risk(
    parameters: Parameters,
    logits: Tensor,
    target: Tensor,
    weight: Tensor,
    penalty: float,
) -> Tensor:
    """Weighted mean cross-entropy plus the ridge."""
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


def bootstrap(rows: Rows, recipe: Recipe) -> Tensor:
    """[K, S] weights: every task drawn from an exponential distribution of mean 1."""
    generator = torch.Generator().manual_seed(recipe.seed)
    tasks = int(rows.task.max()) + 1
    drawn = torch.empty(recipe.members, tasks).exponential_(generator=generator)
    return rows.weight * drawn[:, rows.task]
