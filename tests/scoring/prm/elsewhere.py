"""A device that is not the CPU, for machines that have no other. A pytest plugin, for a
process of its own: what it registers with torch can't be taken back.

Its tensors compute on the CPU. As on a GPU, an operation that meets one of them beside
a tensor of the CPU fails, and so does reading one as NumPy; only numbers without a
dimension may be mixed.
"""

from typing import Any

import torch
import torch.__future__
from accelerate.state import PartialState
from torch.utils import backend_registration
from torch.utils._device import _device_constructors
from torch.utils._pytree import tree_leaves, tree_map

NAME = "elsewhere"
CPU = torch.device("cpu")
_COPY, _MOVE = torch.ops.aten.copy_.default, torch.ops.aten._to_copy.default


class _Module(backend_registration._DummyBackendModule):
    def get_rng_state(self, device: object) -> torch.Tensor:
        return torch.empty(0)

    def set_rng_state(self, state: torch.Tensor, device: object) -> None:
        """It draws no random numbers."""


backend_registration._setup_privateuseone_for_python_backend(NAME, _Module())
ELSEWHERE = torch.device(NAME, 0)
PartialState.default_device = property(lambda self: ELSEWHERE)
# layers moved there keep their parameters, as they do on a GPU
torch.__future__.set_swap_module_params_on_conversion(True)


class Elsewhere(torch.Tensor):
    """`held` is what it computes with."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> "Elsewhere":
        found = torch.Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=ELSEWHERE,
            requires_grad=held.requires_grad,
        )
        found.held = held.detach()
        return found

    def __deepcopy__(self, memo: dict[int, Any]) -> "Elsewhere":
        copied = Elsewhere(self.held.clone()).requires_grad_(self.requires_grad)
        if isinstance(self, torch.nn.Parameter):
            copied = torch.nn.Parameter(copied, self.requires_grad)
        return memo.setdefault(id(self), copied)

    @classmethod
    def __torch_dispatch__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        return _done(func, args, kwargs or {})


def _done(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    leaves = tree_leaves((args, kwargs))
    given = [x for x in leaves if isinstance(x, torch.Tensor)]
    ours = [x for x in given if isinstance(x, Elsewhere)]
    there = bool(ours)
    strangers = any(x.dim() for x in given if not isinstance(x, Elsewhere))
    if there and strangers and func not in (_COPY, _MOVE):
        raise RuntimeError(f"{func}: expected all tensors on the same device")
    for wanted in (x for x in leaves if isinstance(x, torch.device)):
        there = wanted.type == NAME
    found = func(*tree_map(_held, args), **tree_map(_held, kwargs))
    if func is _COPY:
        return args[0]
    if not there:
        return found
    # in place: the very tensor that was given
    known = {id(x.held): x for x in ours}
    return tree_map(lambda x: known[id(x)] if id(x) in known else _wrapped(x), found)


def _held(x: Any) -> Any:
    if isinstance(x, torch.device):
        return CPU
    return x.held if isinstance(x, Elsewhere) else x


def _wrapped(x: Any) -> Any:
    if type(x) is not torch.Tensor:
        return x
    with torch.inference_mode(False):  # a view must be what it is a view of
        return Elsewhere(x)


_LIBRARY = torch.library.Library("_", "IMPL")
_LIBRARY.fallback(lambda func, *args, **kw: _done(func, args, kw), "PrivateUse1")
_tensor = torch.tensor


def _made(data: Any, *, device: Any = None, **wanted: Any) -> torch.Tensor:
    """`torch.tensor` asks no backend how to make one."""
    if device is not None and torch.device(device).type == NAME:
        return _tensor(data, device=CPU, **wanted).to(device)
    return _tensor(data, **wanted, **({"device": device} if device else {}))


# `with torch.device("meta")` has to know the real one, which it looks up once
_device_constructors()
torch.tensor = _made
