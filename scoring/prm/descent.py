"""One smooth minimisation by L-BFGS, kept on disk when it is done."""

import math
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from scoring.errors import TrainingDiverged

Parameters = dict[str, Tensor]
Watch = Callable[[int, float], None]

NOTHING_SAVED = "no model was made, and what was finished before is kept"


def descend(
    start: Parameters,
    loss: Callable[[Parameters], Tensor],
    epochs: int,
    checkpoint: Path,
    watch: Watch,
) -> Parameters:
    """Minimise `loss` from `start` in at most `epochs` passes over the data, unless
    `checkpoint` holds the minimum already.

    `watch(epoch, loss)` is called after each and may raise to stop.

    Raises:
        TrainingDiverged: the loss, or what it led to, is no finite number.
    """
    found = _finished(checkpoint, start)
    if found is not None:
        watch(epochs, float(loss(found)))
        return found
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in start.items()}
    optimizer = torch.optim.LBFGS(
        list(leaves.values()),
        max_iter=epochs,
        max_eval=epochs,
        tolerance_change=1e-6,
        line_search_fn="strong_wolfe",
    )
    epoch, place = 0, f"{checkpoint.parent.name}/{checkpoint.stem}"

    def evaluate() -> Tensor:
        nonlocal epoch
        optimizer.zero_grad()
        value = loss(leaves)
        value.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(value.item()):
            raise TrainingDiverged(
                f"in {place} the loss is not a number: {NOTHING_SAVED}"
            )
        epoch += 1
        # a line search may overrun the limit by a few evaluations
        watch(min(epoch, epochs), value.item())
        return value

    optimizer.step(evaluate)  # type: ignore[no-untyped-call]
    fitted = {name: leaf.detach() for name, leaf in leaves.items()}
    if not all(bool(part.isfinite().all()) for part in fitted.values()):
        raise TrainingDiverged(f"{place} ended in no numbers: {NOTHING_SAVED}")
    _keep(fitted, checkpoint)
    return fitted


def _finished(checkpoint: Path, start: Parameters) -> Parameters | None:
    """In the order of `start`: L-BFGS sums over all parameters in a row, so a descent
    that starts here would end in other last bits under another order."""
    try:
        parameters: Parameters = load_file(checkpoint)
    except (FileNotFoundError, SafetensorError):
        return None
    return {name: parameters[name] for name in start}


def _keep(parameters: Parameters, checkpoint: Path) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=checkpoint.parent, suffix=".tmp")
    os.close(handle)
    save_file(parameters, temporary)
    Path(temporary).replace(checkpoint)
