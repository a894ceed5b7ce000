"""Model, optimiser and accelerator, behind gradients, step, save and restore.

`accelerate` places them: a CPU, a GPU, or under `torchrun` several GPUs that share the
weights (FSDP2). Weights and optimiser are float32 everywhere.
"""

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.distributed.checkpoint import state_dict as sharded

from scoring.prm.backbone import Trunk
from scoring.prm.tuning import attention
from scoring.prm.tuning.config import TuneConfig
from scoring.prm.tuning.objective import Target, Tuned
from scoring.prm.tuning.packing import Row
from scoring.prm.tuning.weights import Weights

_LORA_SCALE = 2
_WHOLE = sharded.StateDictOptions(full_state_dict=True, cpu_offload=True)
_TRAINED = sharded.StateDictOptions(
    full_state_dict=True, cpu_offload=True, ignore_frozen_params=True
)
_PART = sharded.StateDictOptions(full_state_dict=True, strict=False)


@dataclass(frozen=True, slots=True)
class Micro:
    """One forward pass: a packed row and the targets of each episode in it."""

    row: Row
    wanted: Sequence[Sequence[Target]]


class Learner:
    """A trunk in training. `world` processes share it, of which this is `rank`."""

    def __init__(self, trunk: Trunk, tier: str, config: TuneConfig, seed: int) -> None:
        self._tier = tier
        self._dtype = trunk.model.dtype
        self._config = config
        self.precision = _precision(config, trunk.device)
        self._accelerator = _accelerator(self.precision, trunk.device)
        model = Tuned(_prepared(trunk, tier, config, seed), trunk.width, seed)
        groups = [list(_trained(model.trunk)), [*model.norm.parameters()]]
        groups[1] += model.heads.parameters()
        optimizer = torch.optim.AdamW(
            [{"params": group} for group in groups], weight_decay=config.weight_decay
        )
        self.parameters = sum(p.numel() for p in model.trunk.parameters())
        self._model, self._optimizer = self._accelerator.prepare(model, optimizer)

    @property
    def world(self) -> int:
        return int(self._accelerator.num_processes)

    @property
    def rank(self) -> int:
        return int(self._accelerator.process_index)

    @property
    def device(self) -> str:
        return str(self._accelerator.device)

    def gradients(
        self,
        micros: Sequence[Micro],
        share: Mapping[str, float],
        tick: Callable[[int], None],
    ) -> tuple[float, float]:
        """Accumulate the gradients of one batch: (loss, norm before clipping).

        `tick` hears of the tokens of every pass done and may raise to stop.
        """
        self._optimizer.zero_grad()
        mine, total = self._mine(micros), 0.0
        for n, micro in enumerate(mine, 1):
            last = n == len(mine)
            wait = nullcontext() if last else self._accelerator.no_sync(self._model)
            with wait:
                loss = self._model(micro.row, micro.wanted, share)
                # gradients are averaged over the processes, losses are sums
                self._accelerator.backward(loss * self.world)
            total += float(loss.detach())
            tick(len(micro.row.token_ids) * self.world)
        limit = self._config.max_grad_norm or torch.inf
        norm = self._accelerator.clip_grad_norm_(self._model.parameters(), limit)
        losses = self._accelerator.reduce(torch.tensor(total).to(self.device))
        return float(losses), float(norm)

    def step(self, trunk_rate: float, reader_rate: float) -> None:
        """Follow the gradients at the given learning rates."""
        for group, rate in zip(
            self._optimizer.param_groups, (trunk_rate, reader_rate), strict=True
        ):
            group["lr"] = rate
        self._optimizer.step()

    def agreed(self, wish: bool) -> bool:
        """Whether any process wishes so; all wait here for each other."""
        asked = torch.tensor(float(wish)).to(self.device)
        return float(self._accelerator.reduce(asked)) > 0

    def forget(self) -> None:
        """Let go of gradients and cached memory, after an attempt that failed."""
        self._optimizer.zero_grad()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def save(self, fresh: bool) -> dict[str, Tensor]:
        """Everything needed to go on from here, on rank 0; `fresh`: no step was taken
        yet, so the optimiser knows nothing."""
        tensors: Any = sharded.get_model_state_dict(self._model, options=_TRAINED)
        named: dict[str, Tensor] = {
            f"model/{name}": tensor for name, tensor in tensors.items()
        }
        if not fresh:
            for name, row in self._moments().get("state", {}).items():
                named |= {f"optimizer/{name}/{key}": row[key] for key in row}
        return {name: tensor.contiguous() for name, tensor in named.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        weights, state = dict[str, Any](), dict[str, dict[str, Tensor]]()
        for path, tensor in tensors.items():
            part, _, name = path.partition("/")
            if part == "model":
                weights[name] = tensor
            else:
                name, _, key = name.rpartition("/")
                state.setdefault(name, {})[key] = tensor
        sharded.set_model_state_dict(self._model, weights, options=_PART)
        self._bare_optimizer.state.clear()
        if state:
            whole = {**self._moments(), "state": state}
            sharded.set_optimizer_state_dict(
                self._model, self._bare_optimizer, whole, options=_WHOLE
            )

    def weights(self, tensors: Mapping[str, Tensor]) -> Weights:
        """What training changed in the trunk, out of what `save` gave."""
        trunk = {
            name.removeprefix("model/trunk."): tensor
            for name, tensor in tensors.items()
            if name.startswith("model/trunk.")
        }
        if self._tier == "full":
            return Weights("full", {k: t.to(self._dtype) for k, t in trunk.items()})
        return Weights("lora", dict(_adapters(trunk)))

    def _mine(self, micros: Sequence[Micro]) -> list[Micro]:
        """This process's share; all take equally many passes, or they would wait for
        each other for ever, so some repeat one without its targets."""
        rounds = -(-len(micros) // self.world)
        spare = Micro(micros[0].row, [()] * len(micros[0].wanted))
        padded = [*micros, *[spare] * (rounds * self.world - len(micros))]
        return padded[self.rank :: self.world]

    def _moments(self) -> dict[str, Any]:
        found: dict[str, Any] = sharded.get_optimizer_state_dict(
            self._model, self._bare_optimizer, options=_WHOLE
        )
        return found

    @property
    def _bare_optimizer(self) -> torch.optim.Optimizer:
        optimizer: torch.optim.Optimizer = self._optimizer.optimizer
        return optimizer


def _prepared(trunk: Trunk, tier: str, config: TuneConfig, seed: int) -> Any:
    """A float32 copy of the trunk that attends to packed rows, with its adapters."""
    model = copy.deepcopy(trunk.model).float().requires_grad_(True)
    attention.install(model)
    if tier == "lora":
        from peft import LoraConfig, inject_adapter_in_model

        lora = LoraConfig(
            r=config.lora_rank,
            lora_alpha=_LORA_SCALE * config.lora_rank,
            target_modules="all-linear",
        )
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = inject_adapter_in_model(lora, model)
    if config.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
        model.train()
    return model


def _trained(model: Any) -> list[torch.nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _adapters(trunk: Mapping[str, Tensor]) -> "list[tuple[str, Tensor]]":
    """peft's names to ours, the scale multiplied in."""
    return [
        (f"{name}.lora_{x}", tensor * (_LORA_SCALE if x == "B" else 1))
        for x in "AB"
        for key, tensor in trunk.items()
        if key.endswith(suffix := f".lora_{x}.default.weight")
        for name in [key.removesuffix(suffix)]
    ]


def _precision(config: TuneConfig, device: torch.device) -> str:
    if config.precision != "auto":
        return config.precision
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "float32"
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "float32"


def _accelerator(precision: str, device: torch.device) -> Any:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState
    from accelerate.utils import FullyShardedDataParallelPlugin

    # it remembers the precision of the training before, process-wide
    AcceleratorState._reset_state()
    plugin = None
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        plugin = FullyShardedDataParallelPlugin(
            fsdp_version=2, auto_wrap_policy="transformer_based_wrap"
        )
    return Accelerator(
        mixed_precision="bf16" if precision == "bf16" else "no",
        fsdp_plugin=plugin,
        # a GPU there is, but the trunk was kept off it on purpose
        cpu=device.type == "cpu" and torch.cuda.is_available(),
    )
