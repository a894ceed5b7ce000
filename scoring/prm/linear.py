"""Products of a few rows with fixed weights, at the speed of the machine.

On a CPU in bfloat16 the weights are laid out once for the kernels of oneDNN, which
otherwise lay them out again in every call: that costs more than the product itself when
an episode grows by a few tokens.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

ROWS = 512  # most rows of one product: the activations stay in the cache


class Linear:
    """x @ weight.T + bias for several linear layers over the same input, side by side.

    The layers stay as they are. Laid out for oneDNN the weights are a second copy;
    otherwise those of the layers become views on ours.
    """

    def __init__(self, layers: Sequence[Any]) -> None:
        weight = torch.cat([layer.weight.detach() for layer in layers])
        self.inputs: int = weight.shape[1]
        biases = [layer.bias for layer in layers if layer.bias is not None]
        self._bias = torch.cat(biases) if biases else None
        self._laid_out = (
            weight.device.type == "cpu"
            and weight.dtype == torch.bfloat16
            and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        )
        if self._laid_out:
            weight = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS)
        else:
            start = 0
            for layer in layers:
                stop = start + len(layer.weight)
                layer.weight.data = weight[start:stop]
                start = stop
        self._weight = weight

    def __call__(self, x: Tensor) -> Tensor:
        """[N, in] to [N, out]."""
        if self._laid_out:
            y: Tensor = torch.ops.mkldnn._linear_pointwise(
                x, self._weight, self._bias, "none", [], ""
            )
            return y
        return F.linear(x, self._weight, self._bias)
