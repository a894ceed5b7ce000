"""From the hidden states of a step's tokens to one vector a step.

States are whitened onto the r directions in which the training tokens vary most; a
learned query attends over the step's own tokens; the vector of step t joins what was
attended to, the mean and the last token, and how each differs from the mean over the
steps before. Everything is computed step by step on tensors whose shapes the step alone
decides, so a vector is bit-equal whatever episodes or later steps come along.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

BASIS_TOKENS = 100_000  # more don't move the covariance of some hundred directions
VIEWS = 6  # attended, mean, last; each as it is and against the steps before


@dataclass(frozen=True, slots=True)
class Basis:
    """Whitening of states: x = (h - mean) @ projection, [d] to [r]."""

    mean: Tensor  # [d]
    projection: Tensor  # [d, r]

    def project(self, states: Tensor) -> Tensor:
        """[L, d] of any number type to [L, r] in float32."""
        return (states.float() - self.mean) @ self.projection

    @property
    def rank(self) -> int:
        return self.projection.shape[1]


def fit_basis(states: Sequence[Tensor], rank: int) -> Basis:
    """Principal directions of the states ([L, d] each), every dimension scaled first:
    a few dimensions of a residual stream are a hundred times larger than the rest. Of
    much data every n-th step is read."""
    count, total, products = 0, torch.zeros(0), torch.zeros(0)
    stride = math.ceil(sum(map(len, states)) / BASIS_TOKENS) or 1
    for part in states[::stride]:
        x = part.double()
        count += len(x)
        total = x.sum(0) if not len(total) else total + x.sum(0)
        products = x.T @ x if not len(products) else products + x.T @ x
    mean = total / count
    covariance = products / count - torch.outer(mean, mean)
    scale = covariance.diagonal().clamp_min(1e-12).sqrt()
    values, vectors = torch.linalg.eigh(covariance / torch.outer(scale, scale))
    top = slice(max(0, len(values) - rank), None)
    # a direction the data never takes must not be blown up into noise
    deviation = values[top].clamp_min(1e-3).sqrt()
    projection = vectors[:, top] / deviation / scale[:, None]
    return Basis(mean.float(), projection.float().contiguous())


class Past(NamedTuple):
    """What the steps so far leave to the next one: the sum of their views, [3 * r], and
    how many they were."""

    total: Tensor
    steps: int

    @classmethod
    def none(cls, query: Tensor) -> "Past":
        return cls(torch.zeros(3 * len(query)), 0)

    def then(self, tokens: Tensor, query: Tensor) -> "tuple[Tensor, Past]":
        """The vector [VIEWS * r] of the step of these tokens [L, r], and the past of
        the step after it. The contrast of the first step is zero."""
        view = _views(tokens, query)
        usual = self.total / self.steps if self.steps else view
        return torch.cat([view, view - usual]), Past(self.total + view, self.steps + 1)


def pool(steps: Sequence[Tensor], query: Tensor) -> Tensor:
    """One vector a step: projected tokens [L_t, r] each and a query [r] to
    [T, VIEWS * r]."""
    vectors, past = list[Tensor](), Past.none(query)
    for tokens in steps:
        vector, past = past.then(tokens, query)
        vectors.append(vector)
    return torch.stack(vectors) if vectors else torch.empty(0, VIEWS * len(query))


def contributions(tokens: Tensor, query: Tensor, direction: Tensor) -> Tensor:
    """How far each token of a step [L, r] moves its vector along `direction`
    [VIEWS * r], through what was attended to and through the mean: [L]."""
    rank = len(query)
    views = direction[: 3 * rank] + direction[3 * rank :]
    attended, mean = tokens @ views[:rank], tokens @ views[rank : 2 * rank]
    attention = torch.softmax(tokens @ query / rank**0.5, dim=0)
    return attention * attended + mean / len(tokens)


def _views(tokens: Tensor, query: Tensor) -> Tensor:
    attention = torch.softmax(tokens @ query / len(query) ** 0.5, dim=0)
    return torch.cat([attention @ tokens, tokens.mean(0), tokens[-1]])
