"""Reads runs with the model's own code: the way for architectures without one of ours.

A run goes alone, in fixed tiles through the model's own cache, the last tile padded, so
that a state depends on the tokens before it only, bit by bit. (One pass over lengths as
they come differs by up to 6 % in bfloat16: kernels choose other blockings.)
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from scoring.prm.runs import Reading, Run

TILE = 128


class TiledReader:
    """A causal model, read as it is. Nothing is kept between runs."""

    arithmetic = f"tiled@1/{TILE}"

    def __init__(self, model: Any) -> None:
        self._model = model

    def read(self, runs: Sequence[Run]) -> Iterator[Reading]:
        """The readings, in order."""
        return (Reading(self._states(run), len(run.token_ids)) for run in runs)

    def forget(self) -> None:
        """Nothing is kept anyway."""

    @torch.inference_mode()
    def _states(self, run: Run) -> Tensor:
        from transformers import DynamicCache

        cache = DynamicCache(config=self._model.config)
        width = self._model.config.hidden_size
        tiles = [torch.empty(0, width, dtype=self._model.dtype)]
        for start in range(0, len(run.token_ids), TILE):
            tile = list(run.token_ids[start : start + TILE])
            # what the padding holds is never seen: attention is causal
            padded = torch.tensor([tile + [0] * (TILE - len(tile))])
            output = self._model(
                padded.to(self._model.device), past_key_values=cache, use_cache=True
            )
            tiles.append(output.last_hidden_state[0, : len(tile)].cpu())
        states = torch.cat(tiles)
        if not states.isfinite().all():
            raise FloatingPointError("the language model gave numbers that aren't")
        return states[run.start :]
