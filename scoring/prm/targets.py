"""Which steps each head learns from, what it should say of them, and their weight."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from scoring.prm.examples import Example
from scoring.prm.fit import Rows
from scoring.prm.heads import CLASSES

# (episode, step), class, weight, task
Row = tuple[tuple[int, int], int, float, str]


def rows(
    name: str,
    examples: Sequence[Example],
    projected: Sequence[Sequence[Tensor]],
    seed: int,
) -> Rows:
    """The rows of head `name`: `projected[i]` holds the tokens [L_t, r] of the encoded
    steps of example i, which are its first ones."""
    found = [
        ((i, t), target, weight, example.episode.group())
        for i, example in enumerate(examples)
        for t, target, weight in labels(name, example, len(projected[i]))
    ]
    return collected(found, projected, seed)


def collected(
    found: Sequence[Row], projected: Sequence[Sequence[Tensor]], seed: int
) -> Rows:
    """Rows as tensors."""
    ranks = _ranks((group for *_, group in found), seed)
    return Rows(
        episodes=projected,
        place=[place for place, *_ in found],
        target=torch.tensor([target for _, target, _, _ in found], dtype=torch.long),
        weight=torch.tensor([weight for _, _, weight, _ in found]),
        task=torch.tensor([ranks[group] for *_, group in found], dtype=torch.long),
    )


def two_sided(rows: Rows) -> bool:
    """Whether there are two classes to tell apart and two tasks to check it on."""
    return len(set(rows.target.tolist())) > 1 and len(set(rows.task.tolist())) > 1


def labels(name: str, example: Example, steps: int) -> Iterator[tuple[int, int, float]]:
    """(step, class, weight) for every step the head has a label for."""
    for t in range(steps):
        verdict = example.verdicts[t]
        if name == "verdict" and verdict is not None:
            weight = example.weights[t] if example.weights else 1.0
            yield t, CLASSES[name].index(verdict), weight
        if name == "value":
            for wanted, weight in outcomes(example, t, steps):
                yield t, wanted, weight


def outcomes(example: Example, step: int, steps: int) -> Iterator[tuple[int, float]]:
    """(class, weight) of V after a step: an estimate in training teaches both classes
    by its odds, else the outcome counts. An episode weighs 1, however long it is."""
    estimates = example.values if example.split == "train" else ()
    if estimates and (v := estimates[step]) is not None:
        yield from ((k, p / steps) for k, p in ((0, 1 - v), (1, v)) if p)
    elif example.success is not None:
        yield int(example.success), 1 / steps


def _ranks(groups: Iterable[str], seed: int) -> dict[str, int]:
    def place(group: str) -> str:
        return hashlib.sha256(f"{seed}/{group}".encode()).hexdigest()

    return {group: rank for rank, group in enumerate(sorted(set(groups), key=place))}
