"""Full-batch Adam (1412.6980) that survives being killed.

Written out because its whole state must go into one safetensors file: parameters, both
moments and the epoch. A resumed descent takes exactly the steps an unbroken one takes.
"""

import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from scoring.errors import ScoringError

Parameters = dict[str, Tensor]
Loss = Callable[[Parameters], Tensor]
Watch = Callable[[int, float, Parameters], None]


@dataclass(frozen=True, slots=True)
class Schedule:
    """`epochs` steps whose rate falls from `rate` to 0 along a half cosine."""

    epochs: int
    rate: float
    save_every: int = 20

    def at(self, epoch: int) -> float:
        return self.rate * (1 + math.cos(math.pi * epoch / self.epochs)) / 2


def descend(
    start: Parameters,
    loss: Loss,
    schedule: Schedule,
    checkpoint: Path,
    watch: Watch,
) -> Parameters:
    """Minimise `loss` from `start`, or from where `checkpoint` says it was left.

    `watch(epoch, loss, parameters)` is called after every epoch, counted from 1, and
    may raise to stop.

    Raises:
        ScoringError: the loss is not a finite number.
    """
    state = _resume(checkpoint) or _fresh(start)
    for epoch in range(int(state["epoch"]), schedule.epochs):
        value = _step(state, loss, list(start), schedule.at(epoch), epoch + 1)
        if not math.isfinite(value):
            raise ScoringError(f"training diverged at epoch {epoch + 1}")
        if (epoch + 1) % schedule.save_every == 0 or epoch + 1 == schedule.epochs:
            _save(state, checkpoint)
        watch(epoch + 1, value, {name: state[name] for name in start})
    return {name: state[name] for name in start}


def _step(
    state: Parameters, loss: Loss, names: list[str], rate: float, count: int
) -> float:
    leaves = {name: state[name].detach().requires_grad_() for name in names}
    value = loss(leaves)
    gradients = torch.autograd.grad(value, list(leaves.values()))
    for name, gradient in zip(names, gradients, strict=True):
        first = state[f"first.{name}"].mul_(0.9).add_(gradient, alpha=0.1)
        second = state[f"second.{name}"].mul_(0.999)
        second.addcmul_(gradient, gradient, value=0.001)
        scale = (second / (1 - 0.999**count)).sqrt_().add_(1e-8)
        move = first / (1 - 0.9**count) / scale
        state[name] = state[name].detach() - rate * move
    state["epoch"] = torch.tensor(count)
    return value.item()


def _fresh(start: Parameters) -> Parameters:
    state = {"epoch": torch.tensor(0)}
    for name, tensor in start.items():
        state[name] = tensor
        state[f"first.{name}"] = torch.zeros_like(tensor)
        state[f"second.{name}"] = torch.zeros_like(tensor)
    return state


def _resume(checkpoint: Path) -> Parameters | None:
    try:
        state: Parameters = load_file(checkpoint)
    except (FileNotFoundError, SafetensorError):
        return None
    return state


def _save(state: Parameters, checkpoint: Path) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=checkpoint.parent, suffix=".tmp")
    os.close(handle)
    save_file({name: t.contiguous() for name, t in state.items()}, temporary)
    Path(temporary).replace(checkpoint)
