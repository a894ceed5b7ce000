"""A trunk of a model's own: the installation's backbone plus what training changed.

`lora` keeps two thin matrices a layer, `full` every weight. Both are safetensors beside
the heads in the model's folder, and both are put onto a copy of the backbone's weights
when the model is loaded: what serves is an ordinary Trunk with a hash of its own.
"""

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from scoring.errors import ModelMismatch
from scoring.prm.backbone import CACHE_BYTES, Trunk

Kind = Literal["lora", "full"]


@dataclass(frozen=True)
class Weights:
    """What training changed. `full`: weights by name. `lora`: for each changed weight
    `<name>.lora_A` [r, in] and `<name>.lora_B` [out, r], their product to be added."""

    kind: Kind
    tensors: Mapping[str, Tensor]

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256(self.kind.encode())
        for name, tensor in sorted(self.tensors.items()):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()


class OwnTrunk(Trunk):
    """`base` with `weights` put on; `base` itself is left as it is.

    Raises:
        ModelMismatch: the weights don't fit the base, or are not finite.
    """

    def __init__(self, base: Trunk, weights: Weights) -> None:
        model = copy.deepcopy(base.model)
        _check(weights)
        with torch.no_grad():
            _PUT[weights.kind](model, weights.tensors)
        identity = hashlib.sha256(f"{base.sha256}{weights.sha256}".encode()).hexdigest()
        # several models may have a trunk of their own; the shared one serves most
        cache = CACHE_BYTES // 4
        super().__init__(
            model, base.tokenizer, base.depth, identity, cache, base.attention
        )
        self.base_sha256 = base.sha256
        self.weights = weights


def _check(weights: Weights) -> None:
    if weights.kind not in get_args(Kind):
        raise ModelMismatch(f"the trunk's weights are of no known kind: {weights.kind}")
    for name, tensor in weights.tensors.items():
        if not bool(tensor.isfinite().all()):
            raise ModelMismatch(f"the trunk's weight {name} holds no finite numbers")


def _put_full(model: Any, tensors: Mapping[str, Tensor]) -> None:
    try:
        model.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise ModelMismatch(f"the trunk's weights don't fit: {error}") from error


def _put_lora(model: Any, tensors: Mapping[str, Tensor]) -> None:
    weights = dict(model.named_parameters())
    names = {name.rsplit(".", 1)[0] for name in tensors}
    if {f"{name}.lora_{x}" for name in names for x in "AB"} != set(tensors):
        raise ModelMismatch("the trunk's adapters are not in pairs")
    for name in names:
        weight = weights.get(f"{name}.weight")
        a, b = tensors[f"{name}.lora_A"], tensors[f"{name}.lora_B"]
        if weight is None or a.dim() != 2 or (len(b), a.shape[1]) != weight.shape:
            raise ModelMismatch(f"the trunk's adapter {name} fits no weight")
        added = (b.float() @ a.float()).to(weight.device)
        weight.copy_((weight.float() + added).to(weight.dtype))


_PUT = {"lora": _put_lora, "full": _put_full}
