"""Linear heads over a step's vector: who is asked what, and how sure they are.

A head has K members, fitted on reweighted tasks. Their mean is the probability, their
spread the uncertainty. They share the trunk, the query and so the errors of both: the
spread is a lower bound.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from scoring.detection import AXES

# what each head tells apart; the order is that of the probabilities
CLASSES: Mapping[str, tuple[int, ...]] = {
    "verdict": (-1, 0, 1),
    "value": (0, 1),
    **dict.fromkeys(AXES, (0, 1)),
}


@dataclass(frozen=True, slots=True)
class Head:
    """K linear classifiers behind one attention query and one temperature.

    `penalty` is the L2 penalty they were fitted with; None once loaded from a folder.
    """

    query: Tensor  # [r]
    weight: Tensor  # [K, VIEWS * r, C]
    bias: Tensor  # [K, C]
    temperature: Tensor  # [1]
    penalty: float | None = None

    def logits(self, vectors: Tensor) -> Tensor:
        """[T, VIEWS * r] to [T, K, C], one step at a time: that keeps it bit-equal."""
        rows = [torch.einsum("f,kfc->kc", vector, self.weight) for vector in vectors]
        return (
            torch.stack(rows) + self.bias
            if rows
            else self.bias.new_empty(0, *self.bias.shape)
        )

    def probabilities(self, vectors: Tensor) -> Tensor:
        """The members' calibrated probabilities, [T, K, C]."""
        return self.squashed(self.logits(vectors))

    def squashed(self, logits: Tensor) -> Tensor:
        return torch.softmax(logits / self.temperature, dim=-1)

    @property
    def direction(self) -> Tensor:
        """Where a head of two classes looks, over its members: [VIEWS * r]."""
        weight = self.weight.mean(0)
        return weight[:, 1] - weight[:, 0]

    def tensors(self) -> dict[str, Tensor]:
        return {
            "query": self.query,
            "weight": self.weight,
            "bias": self.bias,
            "temperature": self.temperature,
        }
