"""A transformers checkpoint as a reader of steps: a trunk and a two-way head on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from scoring.errors import ModelMismatch
from scoring.prm.device import CPU


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A causal trunk and what turns a state into [wrong, right]."""

    trunk: Any
    head: Any
    context: int

    @classmethod
    def of(
        cls,
        directory: Path,
        kind: str,
        signs: tuple[str, str],
        tokenizer: Any,
        device: torch.device = CPU,
    ) -> "Checkpoint":
        """Raises: ModelMismatch: nothing that can be loaded and read this way."""
        import transformers

        load = partial(_load, directory, device)
        if kind == "token_classification":
            whole = load(transformers.AutoModelForTokenClassification)
            if whole.config.num_labels != 2:
                raise ModelMismatch("expected the two labels wrong and right")
            return cls(whole.base_model, whole.score, _context(whole))
        if all(signs):
            whole = load(transformers.AutoModelForCausalLM)
            names = [_one(tokenizer, sign) for sign in signs]
            places = torch.tensor(names, device=device)
            rows = whole.get_output_embeddings().weight[places]
            return cls(
                whole.base_model, lambda states: states @ rows.T, _context(whole)
            )
        trunk = load(transformers.AutoModel)
        return cls(trunk, _score_head(directory, trunk), _context(trunk))

    def right(self, ids: Sequence[int], ends: Sequence[int]) -> list[float]:
        with torch.inference_mode():
            device = self.trunk.device
            row, places = torch.tensor([ids], device=device), torch.tensor(ends)
            states = self.trunk(row, use_cache=False).last_hidden_state[0]
            logits = self.head(states[places.to(device)]).float().cpu()
            found: list[float] = torch.softmax(logits, -1)[:, 1].tolist()
        return found


def one_file(source: Path, target: Path) -> None:
    """The weights of a checkpoint, sharded or not, in one safetensors file.

    Raises: ModelMismatch: there are none.
    """
    try:
        tensors = dict(_tensors(source, ""))
    except SafetensorError as error:
        raise ModelMismatch(f"the weights can't be read: {error}") from error
    if not tensors:
        raise ModelMismatch(
            "the checkpoint has no safetensors, and nothing else is read"
        )
    save_file(tensors, target, {"format": "pt"})


def _load(directory: Path, device: torch.device, auto: Any) -> Any:
    try:
        model = auto.from_pretrained(
            directory, dtype="auto", use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise ModelMismatch(f"can't load the checkpoint: {error}") from error
    return model.to(device).eval().requires_grad_(False)


def _score_head(directory: Path, trunk: Any) -> Any:
    """The two-way `score` head of a checkpoint: linear, or linear-ReLU-linear."""
    found = dict(_tensors(directory, "score."))
    layers = list[torch.nn.Module]()
    for name in sorted(n for n in found if n.endswith("weight")):
        weight, bias = found[name], found.get(name.removesuffix("weight") + "bias")
        layer = torch.nn.Linear(weight.shape[1], len(weight), bias is not None)
        layer.weight.data = weight
        if bias is not None:
            layer.bias.data = bias
        layers += [layer, torch.nn.ReLU()]
    sizes = [cast(Any, layer).weight.shape for layer in layers[::2]]
    chained = [trunk.config.hidden_size, *[out for out, _ in sizes]]
    if not sizes or [into for _, into in sizes] != chained[:-1] or chained[-1] != 2:
        raise ModelMismatch("the checkpoint has no two-way head `score` that fits")
    head = torch.nn.Sequential(*layers[:-1]).requires_grad_(False)
    return head.to(trunk.device, trunk.dtype)


def _tensors(directory: Path, prefix: str) -> Iterator[tuple[str, Tensor]]:
    for path in sorted(directory.glob("*.safetensors")):
        with safe_open(path, framework="pt") as shard:
            for name in shard.keys():  # noqa: SIM118 - no mapping
                if name.startswith(prefix):
                    yield name, shard.get_tensor(name)


def _one(tokenizer: Any, text: str) -> int:
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    if len(ids) != 1:
        raise ModelMismatch(f"{text!r} is not one token of this checkpoint")
    return int(ids[0])


def _context(model: Any) -> int:
    return int(model.config.max_position_embeddings)
