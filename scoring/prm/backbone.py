"""The frozen trunk: a causal language model cut at two thirds of its depth.

A position's state depends on the tokens before it and on nothing else: the states of a
prefix are bit-equal to those of the whole, and an episode alone is bit-equal to itself
in any batch. Stacks of Llama's kind are read by our own `paged` reader, which computes
only what its cache doesn't hold; every other architecture by `tiled`.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from scoring.errors import ModelMismatch
from scoring.prm import device, precision, smollm2
from scoring.prm.device import CPU
from scoring.prm.precision import Precision
from scoring.prm.runs import Reading, Run

CACHE_BYTES = 1 << 30


class Tokenizer(Protocol):
    """Texts to lists of token ids."""

    def __call__(self, texts: Sequence[str], /) -> list[list[int]]: ...

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """The characters, from and to, that each token of a text stands for."""
        ...


class Trunk:
    """A causal model whose last kept layer is read as it is, without the final norm.

    Attributes: `sha256` (weights, tokenizer, depth and arithmetic), `arithmetic` (how
    the last bits come about, ending in the number type), `attention` (see `precision`),
    `device` (where it is held; states come back to the CPU), `depth` (layers kept),
    `width` (d), `context` (longest input, in tokens), `tokenizer` (texts to lists of
    token ids, never making a special token out of what a text says).
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        depth: int,
        files_sha256: str,
        cache_bytes: int = CACHE_BYTES,
        attention: str = "products",
    ):
        self._model = _cut(model, depth)
        self.device: torch.device = model.device
        self.attention = attention
        self.tokenizer = tokenizer
        self.depth = depth
        self.width: int = model.config.hidden_size
        self.context: int = model.config.max_position_embeddings
        self._reader = precision.reader(
            self._model, attention, self.context, cache_bytes
        )
        number_type = str(model.dtype).removeprefix("torch.")
        held = "" if self.device == CPU else f"/{self.device.type}"
        self.arithmetic = f"{self._reader.arithmetic}{held}/{number_type}"
        identity = [files_sha256, depth, self.arithmetic]
        self.sha256 = hashlib.sha256(json.dumps(identity).encode()).hexdigest()

    @property
    def model(self) -> Any:
        """The cut transformers model itself, for training; its weights stay as they
        are."""
        return self._model

    def read(self, runs: Sequence[Run]) -> Iterator[Reading]:
        """One reading a run, in order, computed together.

        Raises:
            ValueError: more tokens than `context`; callers cut before they get here.
        """
        for run in runs:
            if len(run.token_ids) > self.context:
                raise ValueError(
                    f"{len(run.token_ids)} tokens (at most {self.context})"
                )
        return self._reader.read(runs)

    def forget(self) -> None:
        """Empty the cache: what is read next is computed."""
        self._reader.forget()

    def hidden(self, token_ids: Sequence[int]) -> Tensor:
        """States after layer `depth`: [len(token_ids), width], the model's dtype.

        Raises:
            ValueError: see `read`.
        """
        (reading,) = self.read([Run(token_ids)])
        return reading.states


def load(
    name: str | None,
    root: Path,
    cache_bytes: int = CACHE_BYTES,
    wanted: str | None = None,
    on: str | None = None,
) -> Trunk:
    """Load a backbone: a hub id, a folder, or None for SmolLM2-135M-Instruct, which is
    converted once under `root`/backbones. `cache_bytes`: see `paged.PagedReader`;
    `wanted`: a precision by name, or None for the one this installation keeps, which is
    measured once (`precision.settled`); `on`: see `device.chosen`.

    Only safetensors are read and no code of the model's is ever run.

    Raises:
        ModelMismatch: no such model, or none that can be read this way; no such
            precision or device.
    """
    try:
        place = device.chosen(on)
        files = folder(name, root)
        chosen = precision.settled(files, root, wanted, place)
        return _loaded(files, chosen, cache_bytes, place)
    except (OSError, ValueError) as error:
        raise ModelMismatch(f"can't load the backbone {name}: {error}") from error


def folder(name: str | None, root: Path) -> Path:
    """Where the files of a backbone are; see `load`."""
    return smollm2.converted(root) if name is None else _folder(name)


def _loaded(
    folder: Path, chosen: Precision, cache_bytes: int, place: torch.device
) -> Trunk:
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(
        folder, dtype=chosen.dtype, use_safetensors=True, trust_remote_code=False
    ).to(place)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    depth = max(1, round(model.config.num_hidden_layers * 2 / 3))
    files = _files_sha256(folder)
    return Trunk(model, _Plain(tokenizer), depth, files, cache_bytes, chosen.attention)


def tiny(
    seed: int = 0, attention: str = "products", place: torch.device = CPU
) -> Trunk:
    """A 2-layer random trunk over bytes: real code paths, no download, milliseconds."""
    from transformers import LlamaConfig, LlamaModel

    config = LlamaConfig(
        vocab_size=256,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=4096,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaModel(config).to(torch.bfloat16).to(place)
    return Trunk(model, _Bytes(), 2, f"tiny-{seed}", 1 << 22, attention)


def _cut(model: Any, depth: int) -> Any:
    """Keep the first `depth` layers and read them unnormalised."""
    if not hasattr(model, "layers") or not hasattr(model, "norm"):
        raise ModelMismatch(f"{type(model).__name__} is no stack of decoder layers")
    model.layers = model.layers[:depth]
    model.norm = torch.nn.Identity()
    model.config.num_hidden_layers = depth
    return model.eval().requires_grad_(False)


def _folder(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(name, allow_patterns=["*.safetensors", "*.json"]))


def _files_sha256(folder: Path) -> str:
    """One hash over the weights and the tokenizer, whatever the files are called."""
    digests = []
    for path in sorted([*folder.glob("*.safetensors"), folder / "tokenizer.json"]):
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashlib.sha256("".join(digests).encode()).hexdigest()


class _Plain:
    """A tokenizer of the hub, which never makes a special token out of a text."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, texts: Sequence[str], /) -> list[list[int]]:
        ids: list[list[int]] = self._read(list(texts))["input_ids"]
        return ids

    def offsets(self, text: str) -> list[tuple[int, int]]:
        read = self._read([text], return_offsets_mapping=True)
        return [(start, end) for start, end in read["offset_mapping"][0]]

    def _read(self, texts: list[str], **wanted: bool) -> Any:
        return self._tokenizer(
            texts,
            add_special_tokens=False,
            split_special_tokens=True,
            return_attention_mask=False,
            verbose=False,
            **wanted,
        )


class _Bytes:
    def __call__(self, texts: Sequence[str], /) -> list[list[int]]:
        return [list(text.encode()) for text in texts]

    def offsets(self, text: str) -> list[tuple[int, int]]:
        return [(i, i + 1) for i, char in enumerate(text) for _ in char.encode()]
