"""What the trunk is moved by: a throw-away read-out of every judged step.

Mean and last state of a step's own tokens, normalised, then one linear map a head. The
heads of the finished model are fitted anew on the trunk that this leaves behind.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from scoring.prm.encode import Encoded
from scoring.prm.examples import Example
from scoring.prm.heads import CLASSES
from scoring.prm.targets import outcomes
from scoring.prm.tuning.packing import Row


@dataclass(frozen=True, slots=True)
class Target:
    """Step tokens `span` of a window should say class `wanted` of head `head`."""

    head: str
    span: tuple[int, int]
    wanted: int
    weight: float


def targets(example: Example, encoded: Encoded) -> Iterator[list[Target]]:
    """Everything each window of an episode can teach; a missing label is no target,
    never a 0."""
    for window in encoded.windows():
        yield list(_targets(example, window, len(encoded.scored)))


def _targets(example: Example, window: Encoded, scored: int) -> Iterator[Target]:
    spans = [(t, span) for t, span in enumerate(window.spans) if span]
    weights = example.weights or (1.0,) * len(window.spans)
    for t, span in spans:
        verdict = example.verdicts[t]
        if verdict is not None:
            wanted = CLASSES["verdict"].index(verdict)
            yield Target("verdict", span, wanted, weights[t])
        for wanted, weight in outcomes(example, t, scored):
            yield Target("value", span, wanted, weight)


class Tuned(nn.Module):
    """The trunk under the read-out; its forward is the loss of one row."""

    def __init__(self, trunk: nn.Module, width: int, seed: int) -> None:
        super().__init__()
        self.trunk = trunk
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self.norm = nn.LayerNorm(2 * width)
            self.heads = nn.ModuleDict(
                {name: nn.Linear(2 * width, len(c)) for name, c in CLASSES.items()}
            )

    def forward(
        self,
        row: Row,
        wanted: Sequence[Sequence[Target]],
        share: Mapping[str, float],
    ) -> Tensor:
        """Sum over the row's targets of weight times cross-entropy times the share of
        their head; 0 with zero gradients where there are none."""
        states = self._states(row)
        loss = self._nothing(states)
        for name, head in self.heads.items():
            found = [
                (places[t.span[0] : t.span[1]], t)
                for places, targets in zip(row.places, wanted, strict=True)
                for t in targets
                if t.head == name
            ]
            if found:
                loss = loss + share[name] * self._risk(head, states, found)
        return loss

    def _nothing(self, states: Tensor) -> Tensor:
        """0, with a gradient of 0 for every weight: processes that share a model wait
        for each other's gradients of all of them."""
        vector = self.norm(torch.cat([states[0], states[-1]]).float())
        heads = [head(vector).float().sum() for head in self.heads.values()]
        return torch.stack(heads).sum() * 0.0

    def _states(self, row: Row) -> Tensor:
        device = next(self.parameters()).device
        output: Any = self.trunk(
            torch.tensor([row.token_ids], device=device),
            position_ids=torch.tensor([row.positions], device=device),
            use_cache=False,
            segments=row.segments,
        )
        states: Tensor = output.last_hidden_state[0]
        return states

    def _risk(
        self,
        head: nn.Module,
        states: Tensor,
        found: Sequence[tuple[Sequence[int], Target]],
    ) -> Tensor:
        device = states.device
        vectors = [
            torch.cat([states[places].mean(0), states[tokens[-1]]])
            for tokens, _ in found
            for places in [torch.tensor(tokens, device=device)]
        ]
        logits = head(self.norm(torch.stack(vectors).float()))
        wanted = torch.tensor([t.wanted for _, t in found], device=device)
        weight = torch.tensor([t.weight for _, t in found], device=device)
        losses = cross_entropy(logits.float(), wanted, reduction="none")
        return (losses * weight).sum()
